/** author_*: transactions into the pool, and what became of them. */
import { hex } from "../blocks/block.ts";
import type { PoolStatus } from "../pool/pool.ts";
import { type Methods, unsubscribe } from "./method.ts";

/** A client need not unwatch what is decided. */
const isLast = (status: PoolStatus) =>
  typeof status === "string" ? status === "invalid" || status === "dropped" : !("inBlock" in status);

export const authorMethods: Methods = {
  author_pendingExtrinsics: (_params, { pool }) => pool.pending().map((each) => hex(each.bytes)),
  author_submitExtrinsic: (params, { pool }) => pool.submit(params.bytes(0)),
  author_submitAndWatchExtrinsic: (params, { pool }, subscriber) =>
    subscriber.subscribe(
      "author_extrinsicUpdate",
      (notify, end) =>
        pool.watch(pool.submit(params.bytes(0)), (status) => {
          notify(status);
          if (isLast(status)) end();
        }),
    ),
  author_unwatchExtrinsic: unsubscribe,
};
