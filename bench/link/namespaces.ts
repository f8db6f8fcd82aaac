/**
 * The emulated links of one bench run: namespaces, emulator, and the check that the links are what was asked for. With
 * `netem` in the kernel the emulator could be a queue discipline; the one of our own runs everywhere TUN does, and the same
 * way everywhere.
 */
import { JsonProcess } from "../allreduce_process.ts";
import { type EmulatorOptions, INTERFACE } from "./emulator.ts";
import type { MemberLink, StarStats } from "./star.ts";

export interface LinkOptions {
  readonly links: readonly MemberLink[];
  /** Half of the round trip: `netem delay` on each member's egress. */
  readonly oneWayDelayMs: number;
  readonly loss: number;
  /** "cubic", "bbr" or another that the kernel has. */
  readonly congestionControl: string;
}

/** What the probes found between members 0 and 1. */
export interface LinkCheck {
  readonly rttMs: number;
  /** Of a datagram and its echo together. */
  readonly lossBothWays: number;
  /** Of one TCP stream before the loss is switched on. */
  readonly bytesPerSec: number;
  readonly expectedRttMs: number;
  readonly expectedLossBothWays: number;
  readonly expectedBytesPerSec: number;
}

const MTU = 1500;
/** netem's default limit, 1000 packets. */
const QUEUE_BYTES = 1000 * MTU;
/** Tries. */
const CHECKS = 3;
/** What stands for the wire must not wait for those who use it, where the system lets us say so. */
const PRIORITY = runs("chrt") ? ["chrt", "-f", "10"] : [];
/** Of a full packet, what is not headers: 20 bytes of IP, 32 of TCP with timestamps. */
const TCP_SHARE = (MTU - 52) / MTU;
const SEED = 20_260_727;

export class EmulatedLinks {
  readonly namespaces: readonly string[];
  #options: LinkOptions;
  #emulator: JsonProcess;

  private constructor(options: LinkOptions, namespaces: readonly string[], emulator: JsonProcess) {
    this.#options = options;
    this.namespaces = namespaces;
    this.#emulator = emulator;
  }

  /** @throws {Error} without root, TUN or `ip` */
  static async open(options: LinkOptions): Promise<EmulatedLinks> {
    requireTun();
    allow(options.congestionControl);
    const namespaces = options.links.map((_, i) => `skein-${Deno.pid}-${i}`);
    for (const name of namespaces) await ip("netns", "add", name);
    const emulator = new JsonProcess(
      "emulator",
      "./link/emulator.ts",
      {
        links: options.links,
        oneWayDelayMs: options.oneWayDelayMs,
        loss: 0,
        queueBytes: QUEUE_BYTES,
        namespaces,
        mtu: MTU,
        seed: SEED,
      } satisfies EmulatorOptions,
      PRIORITY,
    );
    const links = new EmulatedLinks(options, namespaces, emulator);
    try {
      await emulator.next("listening");
      for (const [i, name] of namespaces.entries()) await configure(name, links.address(i), options);
      return links;
    } catch (error) {
      await links.close();
      throw error;
    }
  }

  address(member: number): string {
    return `10.77.0.${member + 1}`;
  }

  prefix(member: number): string[] {
    return ["ip", "netns", "exec", this.namespaces[member]];
  }

  async stats(): Promise<StarStats> {
    return (await this.#emulator.ask({}, "stats")) as unknown as StarStats;
  }

  /**
   * Switches the loss on. Round trip, loss and rate between members 0 and 1.
   * @throws {Error} when in none of `CHECKS` tries they are what was asked for: a second on a busy machine says little
   */
  async check(): Promise<LinkCheck> {
    let check: LinkCheck | undefined;
    for (let tries = 0; tries < CHECKS; tries++) {
      check = await this.#measure();
      if (isAsAsked(check)) return check;
    }
    throw new Error(
      `check the emulated link: ${JSON.stringify(check)}, each as expected is required, is the machine busy?`,
    );
  }

  async #measure(): Promise<LinkCheck> {
    const { links: [first, second], oneWayDelayMs, loss } = this.#options;
    const bytesPerSec = Math.min(first.upBytesPerSec, second.downBytesPerSec);
    const script = "./link/probe.ts";
    const ends = [1, 0].map((member) =>
      new JsonProcess(`probe ${member}`, script, {
        address: this.address(member),
        bytesPerSec,
        ...(member === 0 ? { to: this.address(1) } : {}),
      }, [...PRIORITY, ...this.prefix(member)])
    );
    try {
      for (const end of ends) await end.next("listening");
      await this.#emulator.ask({ loss: 0 }, "stats");
      const rate = await ends[1].ask({ do: "rate" }, "rate");
      await this.#emulator.ask({ loss }, "stats");
      const echo = await ends[1].ask({ do: "echo" }, "echo");
      return {
        rttMs: echo.rttMs as number,
        lossBothWays: echo.lossBothWays as number,
        bytesPerSec: rate.bytesPerSec as number,
        expectedRttMs: 2 * oneWayDelayMs,
        expectedLossBothWays: 1 - (1 - loss) ** 2,
        expectedBytesPerSec: bytesPerSec * TCP_SHARE,
      };
    } finally {
      await Promise.all(ends.map((end) => end.stop()));
    }
  }

  async close(): Promise<void> {
    await this.#emulator.stop();
    for (const name of this.namespaces) await ip("netns", "delete", name).catch(() => {});
  }
}

/** Loss of 1500 echoes has a standard deviation of 0.4 %; the scheduler of a busy machine adds to a round trip. */
function isAsAsked(check: LinkCheck): boolean {
  const isRttRight = check.rttMs >= check.expectedRttMs && check.rttMs < 1.1 * check.expectedRttMs + 3;
  const isLossRight = Math.abs(check.lossBothWays - check.expectedLossBothWays) < 0.015;
  const isRateRight = Math.abs(check.bytesPerSec / check.expectedBytesPerSec - 1) < 0.05;
  return isRttRight && isLossRight && isRateRight;
}

async function configure(name: string, address: string, { congestionControl }: LinkOptions): Promise<void> {
  await ip("-n", name, "link", "set", "lo", "up");
  await ip("-n", name, "addr", "add", `${address}/24`, "dev", INTERFACE);
  // What waits for the emulator is not on the link yet: only the link's own queues may drop.
  await ip("-n", name, "link", "set", INTERFACE, "mtu", String(MTU), "txqueuelen", "10000", "up");
  const setting = "/proc/sys/net/ipv4/tcp_congestion_control";
  await command("ip", ["netns", "exec", name, "sh", "-c", `echo ${congestionControl} > ${setting}`]);
}

/** Namespaces may choose only among what the system allows to everybody. The kernel loads its module when it is named. */
function allow(congestionControl: string): void {
  const path = "/proc/sys/net/ipv4/tcp_allowed_congestion_control";
  const allowed = Deno.readTextFileSync(path).trim();
  if (allowed.split(" ").includes(congestionControl)) return;
  try {
    Deno.writeTextFileSync(path, `${allowed} ${congestionControl}`);
  } catch (cause) {
    throw new Error(`allow ${congestionControl}: only ${allowed} found, a kernel that has it is required`, {
      cause,
    });
  }
}

function requireTun(): void {
  if (!runs("ip")) throw new Error("emulate links: no command ip found, iproute2 is required, install it");
  const isRoot = Deno.uid() === 0;
  let hasTun = true;
  try {
    Deno.statSync("/dev/net/tun");
  } catch {
    hasTun = false;
  }
  if (isRoot && hasTun) return;
  throw new Error(
    `emulate links: ${isRoot ? "root" : "not root"}, ${hasTun ? "" : "no "}/dev/net/tun found, ` +
      `root and a kernel with TUN and network namespaces are required`,
  );
}

function runs(name: string): boolean {
  try {
    return new Deno.Command(name, { args: ["-V"], stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false; // not installed
  }
}

const ip = (...args: string[]) => command("ip", args);

async function command(name: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(name, { args, stdout: "null", stderr: "piped" })
    .output();
  if (!success) throw new Error(`${name} ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
}
