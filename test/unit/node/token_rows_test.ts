import assert from "node:assert/strict";
import { decodeTokenRows, readTokenRows } from "../../../src/node/token_rows.ts";

Deno.test("rows of tokens are laid end to end", () => {
  const { batchSize, length, tokens } = decodeTokenRows("[[1,2,3],[4,5,4294967295]]", "x");
  assert.deepEqual([batchSize, length, [...tokens]], [2, 3, [1, 2, 3, 4, 5, 4294967295]]);
});

Deno.test("anything but equally long rows of token numbers is refused", async () => {
  const refused = (text: string, message: RegExp) =>
    assert.throws(() => decodeTokenRows(text, "tokens.json"), { code: "node/bad-tokens", message });
  refused("[[1,2],[3]]", /row 1 has 1 tokens and row 0 has 2/);
  refused("[]", /the whole is no list or an empty one/);
  refused('{"length":[{"toString":1}]}', /the whole is no list/);
  refused("[[]]", /row 0 is no list or an empty one/);
  refused("[[1,-1]]", /token 1 of row 0/);
  refused("[[1,1.5]]", /token 1 of row 0/);
  refused('[["a"]]', /token 0 of row 0/);
  refused("[1]", /row 0 is no list/);
  refused("[[1]", /no JSON/);
  await assert.rejects(readTokenRows("/nonexistent/tokens.json"), { code: "node/bad-tokens" });
});
