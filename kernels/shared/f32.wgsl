// Declarations before every kernel compiled for f32: storage of activations, of their gradients and of the parameters
// that the passes read. Sums, statistics, parameter gradients and moments are f32 in either precision.
alias scalar = f32;
alias scalar4 = vec4<f32>;
