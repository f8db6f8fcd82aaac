/**
 * The chain a node uses when none is named: the one listening on the usual port, or a new one started as a process of
 * its own, which outlives this node and leaves by itself when nobody has been connected for a while. Two nodes that start
 * at the same moment race for the port; the loser's chain exits and both use the winner's.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { SkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { childEnvironment } from "./child_environment.ts";
import { selfCommand } from "./self_command.ts";

const LOCAL_CHAIN_PORT = 9944;
const IDLE_EXIT_SECONDS = 60;
const START_TIMEOUT_MS = 60_000;

/** @throws {SkeinError} `node/chain-did-not-start` */
export async function findOrStartLocalChain(
  dataDir: string,
  deps: { clock: Clock; log: Log; signal: AbortSignal },
): Promise<string> {
  const url = `ws://127.0.0.1:${LOCAL_CHAIN_PORT}`;
  if (await answers(url)) {
    deps.log.info(`using the local chain at ${url}`);
    return url;
  }
  const home = join(dataDir, "local", "chain");
  await mkdir(home, { recursive: true, mode: 0o700 });
  deps.log.info(`starting a local chain at ${url}, kept in ${home}`);
  const { command, args } = selfCommand([
    "chain",
    "--home",
    home,
    "--port",
    String(LOCAL_CHAIN_PORT),
    "--exit-when-idle",
    String(IDLE_EXIT_SECONDS),
    "--json",
  ]);
  const child = new Deno.Command(command, {
    args,
    clearEnv: true,
    env: childEnvironment(Deno.env.toObject()),
    stdin: "null",
    stdout: "null",
    stderr: "null",
    detached: true,
  })
    .spawn();
  child.unref();
  const deadlineMs = deps.clock.monotonicMs() + START_TIMEOUT_MS;
  while (deps.clock.monotonicMs() < deadlineMs) {
    if (await answers(url)) return url;
    await deps.clock.sleep(200, deps.signal);
  }
  throw new SkeinError(
    "node/chain-did-not-start",
    `start the local chain: no answer at ${url} in ${
      START_TIMEOUT_MS / 1000
    } s, run "skein chain --home ${home}" to ` +
      `see why`,
    { url },
  );
}

/** Whether a WebSocket opens there. */
function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.onopen = () => {
      socket.close();
      resolve(true);
    };
    socket.onerror = () => resolve(false);
  });
}
