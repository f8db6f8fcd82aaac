// A finished element of a matrix product that GELU follows (ACTIVATION 1): y keeps it for the backward pass, `activated` takes
// GELU of what y stores. Or its gradient (ACTIVATION 2): y is multiplied by the slope at `activated`, which is then GELU's
// input and only read. `activated` lies as y does. What it saves is what loads cost: where GELU's own kernel would wait for
// nothing else, as on a GPU, little.
override ACTIVATION: u32;

@group(0) @binding(5) var<storage, read_write> activated: array<output>;

fn finish(at: u32, value: f32) {
  if (ACTIVATION == 2u) {
    y[at] = output(value * geluSlope(f32(activated[at])));
    return;
  }
  let stored = output(value);
  y[at] = stored;
  activated[at] = output(gelu(f32(stored)));
}
