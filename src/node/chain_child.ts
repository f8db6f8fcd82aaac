/** Starts `skein chain` as a process of its own and waits until it serves. */
import { mkdir } from "node:fs/promises";
import type { Clock } from "../base/clock.ts";
import { SkeinError } from "../base/errors.ts";
import { Child } from "./child.ts";

const START_TIMEOUT_MS = 60_000;

/**
 * The port is a wish: when something else listens there, a free one is taken.
 * @throws {SkeinError} `node/chain-did-not-start`
 */
export async function startChainChild(
  options: { home: string; port: number; blockMs: number },
  deps: { clock: Clock; signal: AbortSignal },
): Promise<{ child: Child; url: string }> {
  await mkdir(options.home, { recursive: true, mode: 0o700 });
  const port = isPortFree(options.port) ? options.port : 0;
  const args = [
    "chain",
    "--home",
    options.home,
    "--port",
    String(port),
    "--block-ms",
    String(options.blockMs),
    "--json",
  ];
  return await new Promise((resolve, reject) => {
    const fail = (reason: string) => {
      stopWaiting();
      reject(
        new SkeinError(
          "node/chain-did-not-start",
          `start the local chain: ${reason}, see stderr.log in ${options.home}`,
        ),
      );
    };
    const child = new Child(args, options.home, (line) => {
      if (line?.raw.event !== "chain" || typeof line.raw.url !== "string") return;
      stopWaiting();
      resolve({ child, url: line.raw.url });
    });
    const onAbort = () => {
      child.stop(deps.clock, 5000);
      fail("stopped by the user");
    };
    const cancelTimeout = deps.clock.after(
      START_TIMEOUT_MS,
      () => fail(`no answer in ${START_TIMEOUT_MS / 1000} s`),
    );
    const stopWaiting = () => {
      cancelTimeout();
      deps.signal.removeEventListener("abort", onAbort);
    };
    deps.signal.addEventListener("abort", onAbort, { once: true });
    child.exited.then(({ code }) => fail(`it exited with code ${code}`));
  });
}

function isPortFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch {
    return false;
  }
}
