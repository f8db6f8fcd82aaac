// GELU (Hendrycks & Gimpel 2016) and its slope: with ERF 0 the tanh form, as in GPT-2, with ERF 1 the exact one.
// Formulas: y = x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³))), y = x/2 · (1 + erf(x/√2)).
// The tanh form is computed as x·s with s = 1/(1 + exp(-2u)), u tanh's argument: half the exponentials, and the left tail
// loses nothing by cancellation. u is clamped to ±40, where f32 has long made s 0 or 1: exp must not overflow.
// erf by Abramowitz & Stegun 7.1.26, good to 1.5e-7, taken at |x|, for the sake of the same tail.
override ERF: u32 = 0;

// exp(-x²/2) and half of erfc(|x|/√2)
fn gaussian(x: f32) -> vec2f {
  let z = abs(x) * 0.7071067811865476;
  let t = 1.0 / (1.0 + 0.3275911 * z);
  let series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  let density = exp(-z * z);
  return vec2f(density, 0.5 * series * density);
}

fn share(x: f32) -> f32 {
  let u = 0.7978845608028654 * (x + 0.044715 * x * x * x);
  return 1.0 / (1.0 + exp(-2.0 * clamp(u, -40.0, 40.0)));
}

fn gelu(x: f32) -> f32 {
  if (ERF == 1u) {
    let tail = gaussian(x).y;
    return x * select(tail, 1.0 - tail, x > 0.0);
  }
  return x * share(x);
}

fn geluSlope(x: f32) -> f32 {
  if (ERF == 1u) {
    let g = gaussian(x);
    return select(g.y, 1.0 - g.y, x > 0.0) + x * g.x * 0.3989422804014327;
  }
  let s = share(x);
  return s + 2.0 * x * s * (1.0 - s) * 0.7978845608028654 * (1.0 + 3.0 * 0.044715 * x * x);
}
