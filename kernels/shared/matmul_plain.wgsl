// A finished element of a matrix product, where nothing follows it.
fn finish(at: u32, value: f32) {
  y[at] = output(value);
}
