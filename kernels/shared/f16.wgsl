// Declarations before every kernel compiled for f16: storage of activations, of their gradients and of the parameters
// that the passes read. Kernels widen on load, f32(x), and round on store, scalar(x); sums are f32 in either precision.
enable f16;
alias scalar = f16;
alias scalar4 = vec4<f16>;
