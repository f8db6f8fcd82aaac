// What the forms of cross_entropy_forward share: see there.
override ROWS: u32;
override COLUMNS: u32;
// Elements from one row of the logits to the next.
override STRIDE: u32;
override FIRST_TOKEN: u32;
override IS_FIRST: u32;
override IS_LAST: u32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> logits: array<scalar>;
@group(0) @binding(1) var<storage, read> targets: array<u32>;
@group(0) @binding(2) var<storage, read_write> logSumExp: array<f32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;

// Takes the tile's log-sum-exp into the row's, and writes the row's loss after the last tile.
fn finishRow(row: u32, tileTotal: f32) {
  let base = row * STRIDE;
  var total = tileTotal;
  var chosen = 0.0;
  if (IS_FIRST == 0u) {
    let before = logSumExp[row];
    total = max(before, total) + log(1.0 + exp(-abs(before - total)));
    chosen = losses[row];
  }
  let column = targets[row] - FIRST_TOKEN;
  if (targets[row] >= FIRST_TOKEN && column < COLUMNS) {
    chosen = f32(logits[base + column]);
  }
  logSumExp[row] = total;
  if (IS_LAST == 1u) {
    losses[row] = select(total - chosen, 0.0, targets[row] == 0xffffffffu);
  } else {
    losses[row] = chosen;
  }
}
