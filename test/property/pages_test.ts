import assert from "node:assert/strict";
import fc from "fast-check";
import { disjointPages, PageOrder } from "../../src/data/pages.ts";
import { Permutation } from "../../src/data/permutation.ts";

Deno.test("the permutation of any size under any key is a bijection", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), fc.string(), (size, key) => {
      const permutation = new Permutation(size, key);
      const seen = new Set(Array.from({ length: size }, (_, i) => permutation.at(i)));
      assert.equal(seen.size, size);
      assert.ok([...seen].every((value) => value >= 0 && value < size));
    }),
    { numRuns: 60 },
  );
});

Deno.test("uids share no page while each takes at most its guaranteed number", () => {
  const input = fc.record({
    pages: fc.integer({ min: 1, max: 3000 }),
    uidCount: fc.integer({ min: 1, max: 70 }),
    seed: fc.nat(),
    outerStep: fc.nat(10_000),
  });
  fc.assert(
    fc.property(input, ({ pages, uidCount, seed, outerStep }) => {
      const order = new PageOrder(pages, seed, outerStep);
      const each = disjointPages(pages, uidCount);
      const taken = new Set<number>();
      for (let uid = 0; uid < uidCount; uid++) {
        for (let k = 0; k < each; k++) taken.add(order.pageOf(uid, k));
      }
      assert.equal(taken.size, each * uidCount);
    }),
    { numRuns: 60 },
  );
});

Deno.test("a uid sees every page once before it sees one twice", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 0, max: 65535 }), (pages, uid) => {
      const order = new PageOrder(pages, 1, 1);
      const seen = new Set(Array.from({ length: pages }, (_, k) => order.pageOf(uid, k)));
      assert.equal(seen.size, pages);
      assert.equal(order.pageOf(uid, pages), order.pageOf(uid, 0));
    }),
    { numRuns: 40 },
  );
});
