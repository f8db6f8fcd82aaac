/** Our products: one plan of one dispatch, submitted as often as asked. */
import type { Gpu } from "../../src/gpu/mod.ts";
import { matmulNN, matmulNT, matmulTN } from "../../src/model/matmul.ts";
import type { MatmulPeer } from "./matmul_peer.ts";

const OPERATIONS = { nn: matmulNN, nt: matmulNT, tn: matmulTN };

export function ourMatmul(gpu: Gpu): MatmulPeer {
  return {
    name: "ours",
    async prepare({ form, rows, columns, inner }, a, b) {
      const arena = gpu.arena("peers");
      const [left, right, y] = ([["a", a.length], ["b", b.length], ["y", rows * columns]] as const).map(
        ([label, elements]) => arena.allocate(label, elements),
      );
      gpu.write(left, a);
      gpu.write(right, b);
      const plan = gpu.plan();
      OPERATIONS[form](plan, { rows, columns, inner }, left.whole(), right.whole(), y.whole());
      return {
        async run(count) {
          gpu.submit(...Array(count).fill(plan));
          await gpu.read(y.slice(0, 1)); // Waits for the queue.
        },
        read() {
          gpu.submit(plan);
          return gpu.readF32(y.slice(0, rows * columns));
        },
        dispose: () => arena.destroy(),
      };
    },
  };
}
