// What the attention kernels for software adapters share: see attention_forward_direct.wgsl for why they are written so.
override BATCH: u32;
// Neighbouring invocations take 0: the same block of neighbouring heads, so that they have as many turns; 1: neighbouring blocks
// of a head, so that they read the same rows, which pays where the tensors are larger than the caches.
override LONG: u32 = 0;

@group(0) @binding(0) var<storage, read> queries: array<scalar4>;
@group(0) @binding(1) var<storage, read> keys: array<scalar4>;
@group(0) @binding(2) var<storage, read> values: array<scalar4>;

// One past the last vector of the segment that begins with vector `start`.
fn segmentEnd(start: u32) -> u32 {
  return min(start + 4u, HEAD_SIZE / 4u);
}

struct Place {
  // A sequence and one of `heads` heads, in this order.
  row: u32,
  // The first of the block's rows.
  first: u32,
}

// What an invocation computes. Workgroups from both ends in turn: whatever run of them a core takes has as many long ones as
// short ones.
fn placeOf(group: u32, groups: u32, local: u32, heads: u32) -> Place {
  let turn = select(group / 2u, groups - 1u - group / 2u, group % 2u == 1u);
  let item = turn * WORKGROUP + local;
  let rows = BATCH * heads;
  let blocks = (CONTEXT + BLOCK - 1u) / BLOCK;
  return Place(
    select(item % rows, item / blocks, LONG == 1u),
    select(item / rows, item % blocks, LONG == 1u) * BLOCK,
  );
}
