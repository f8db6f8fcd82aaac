/**
 * SIGKILL of one member after the other, in the middle of rounds. After each: the survivors end the round with one state, or
 * give it up and keep the anchor; the next round commits; the killed one, started again, catches up and is in a round
 * with everybody. Moments and victims are drawn from the seed; what the processes are doing at that moment is not.
 */
import type { Clock } from "../../src/base/clock.ts";
import type { Random } from "../../src/base/random.ts";
import type { ChaosSwarm } from "./chaos_swarm.ts";
import type { Ledger } from "./ledger.ts";

/** For all of a round's timeouts in a row on a busy machine. */
const ROUND_TIMEOUT_MS = 240_000;
/** Between rounds a member waits 50 to 200 ms: the moments of a round are drawn over this, too. */
const PAUSE_MS = 200;
/** A reducer is hit within this after it began to send results. */
const TRANSFER_MS = 60;
/** What is aimed at, as often as it stands here. */
const AIMS = ["anybody", "anybody", "leader", "leader", "reducer"] as const;
type Aim = (typeof AIMS)[number];

export interface KillReport {
  readonly kill: number;
  readonly aim: Aim;
  readonly victim: number;
  /** After the moment that was aimed at. */
  readonly delayMs: number;
  /** The step that was being made. */
  readonly outerStep: number;
  readonly outcome: "committed" | "aborted" | "stuck";
  /** Most that a survivor needed for that step, and the members whose contributions are in it. */
  readonly attempts: number;
  readonly members: number;
  /** Until all survivors had made the step after it. */
  readonly survivorsSeconds: number;
  /** From its start until it was in a committed round with everybody. */
  readonly returnSeconds: number;
  readonly violations: readonly string[];
}

/** All members up, and one round of all of them behind them. */
export async function startAll(swarm: ChaosSwarm): Promise<boolean> {
  for (let member = 0; member < swarm.memberCount; member++) swarm.start(member);
  return await swarm.ledger.until(
    "the first rounds have been made",
    ROUND_TIMEOUT_MS,
    () => Math.min(...swarm.ledger.steps) >= 3,
  );
}

export async function killOne(
  kill: number,
  swarm: ChaosSwarm,
  random: Random,
  clock: Clock,
): Promise<KillReport> {
  const { ledger } = swarm;
  const knownViolations = ledger.violations.length;
  const aim = AIMS[random.nextBelow(AIMS.length)];
  const chosen = random.nextBelow(swarm.memberCount);
  const spanMs = aim === "reducer" ? TRANSFER_MS : ledger.typicalRoundMs + PAUSE_MS;
  const delayMs = random.nextFloat() * spanMs;
  const victim = await aimAt(aim, chosen, ledger);
  await clock.sleep(delayMs);
  const outerStep = ledger.highest + 1;
  let isAborted = false;
  let attempts = 0;
  let members = 0;
  const stop = ledger.listen(({ member, event }) => {
    if (member === victim) return;
    if (event.event === "aborted" && event.code !== "superseded") isAborted = true;
    if (event.event === "committed" && event.outerStep === outerStep) {
      attempts = Math.max(attempts, Number(event.attempts));
      members = Number(event.members);
    }
  });
  await swarm.kill(victim);
  const killedMs = clock.monotonicMs();
  const goesOn = await ledger.until(
    `the survivors of member ${victim} have made steps ${outerStep} and ${outerStep + 1}`,
    ROUND_TIMEOUT_MS,
    () => ledger.steps.every((step, member) => member === victim || step > outerStep),
  );
  stop();
  const survivorsSeconds = (clock.monotonicMs() - killedMs) / 1000;
  const startedMs = clock.monotonicMs();
  swarm.start(victim);
  const isBack = await returned(victim, swarm);
  return {
    kill,
    aim,
    victim,
    delayMs: Math.round(delayMs),
    outerStep,
    outcome: !goesOn || !isBack ? "stuck" : isAborted ? "aborted" : "committed",
    attempts,
    members,
    survivorsSeconds: round(survivorsSeconds),
    returnSeconds: round((clock.monotonicMs() - startedMs) / 1000),
    violations: ledger.violations.slice(knownViolations),
  };
}

/** @returns the member to kill, at a moment of the round that the aim names */
async function aimAt(aim: Aim, chosen: number, ledger: Ledger): Promise<number> {
  const wanted = { anybody: "round", leader: "proposes", reducer: "reduces" }[aim];
  const told = await ledger.next(`there is a ${aim} to kill`, ROUND_TIMEOUT_MS, ({ member, event }) => {
    const is = event.event === "moment" ? event.moment : event.event;
    return is === wanted && (aim === "leader" || member === chosen);
  });
  return told?.member ?? chosen;
}

/** A round with everybody in it, and everybody has its state. */
async function returned(victim: number, { ledger, memberCount }: ChaosSwarm): Promise<boolean> {
  const whole = await ledger.next(
    `member ${victim} is back in a round with everybody`,
    ROUND_TIMEOUT_MS,
    ({ member, event }) => member === victim && event.event === "committed" && event.members === memberCount,
  );
  if (whole === undefined) return false;
  const outerStep = Number(whole.event.outerStep);
  const all = () => ledger.steps.every((step) => step >= outerStep);
  return await ledger.until(`all have the state of step ${outerStep}`, ROUND_TIMEOUT_MS, all);
}

const round = (seconds: number): number => Math.round(100 * seconds) / 100;
