/** What `deno task sparse` is told. The product of members, rounds and inner steps is what it costs. */
import { Command, CommanderError, InvalidArgumentError } from "@commander-js/extra-typings";
import { integerFlag, oneOfFlag } from "../src/cli/flags.ts";
import { PRESET_NAMES } from "../src/cli/preset_names.ts";
import { EXCHANGES } from "../src/node/exchange_plan.ts";

export interface SparseFlags {
  readonly preset: string;
  readonly members: number;
  readonly outerSteps: number;
  readonly denseSteps: number;
  readonly innerSteps: number;
  readonly batch: number;
  readonly context: number;
  readonly learningRate: number;
  readonly outerRate?: number;
  readonly outerMomentum?: number;
  readonly decay?: number;
  readonly clip?: string;
  readonly sameOuter: boolean;
  readonly seed: number;
  readonly json: boolean;
}

const HELP = `
Each exchanges as a run of its codec does unless flags say otherwise. Prints a line a round; exit status 0 when the final
validation loss is at most 0.05 nats above that of f32 and the wire size within 1 % of the arithmetic, 1 when not, 2 on bad
flags. Costs (dense steps + 2 · outer steps) · members · inner steps of the model: about ten minutes on two idle cores.`;

/** @returns the flags, or the exit status when there is nothing more to do: 0 after help, 2 on bad flags */
export function sparseFlags(
  args: readonly string[],
  write: (text: string) => void = console.log,
): SparseFlags | number {
  const count = integerFlag(1, 1_000_000);
  const rate = numberFlag("above 0", (value) => value > 0);
  const momentum = numberFlag("from 0 to below 1", (value) => value >= 0 && value < 1);
  const decay = numberFlag("from 0 to 1", (value) => value >= 0 && value <= 1);
  const command = new Command("deno task sparse")
    .description("Trains one model twice, with exact and with sparse exchange, and compares")
    .option("--preset <name>", PRESET_NAMES.join(", "), oneOfFlag(PRESET_NAMES), "nano")
    .option("--members <count>", "they take turns on one GPU", integerFlag(1, 1024), 8)
    .option("--outer-steps <count>", "rounds that are compared", count, 20)
    .option(
      "--dense-steps <count>",
      "dense rounds before, of both (default: a sparse run's)",
      integerFlag(0, 1_000_000),
      EXCHANGES.sparse.denseSteps,
    )
    .option("--inner-steps <count>", "of a member in a round", count, 5)
    .option("--batch <count>", "sequences of an inner step", integerFlag(1, 32), 4)
    .option("--context <count>", "tokens of a sequence", integerFlag(1, 1024), 64)
    .option("--learning-rate <number>", "of inner steps", rate, 2e-3)
    .option("--outer-rate <number>", "of the sparse run (default: its codec's)", rate)
    .option("--outer-momentum <number>", "of the sparse run (default: its codec's)", momentum)
    .option("--decay <number>", "of error feedback (default: the codec's)", decay)
    .option("--clip <boolean>", "true or false (default: the codec's)", oneOfFlag(["true", "false"]))
    .option("--same-outer", "f32 takes the outer optimiser of the sparse run", false)
    .option("--seed <number>", "of parameters and pages", integerFlag(0, 0xffffffff), 7)
    .option("--json", "a JSON object last, instead of a sentence", false)
    .addHelpText("after", HELP)
    .showHelpAfterError("(see --help)")
    .allowExcessArguments(false)
    .configureOutput({ writeOut: write, writeErr: write })
    .exitOverride();
  try {
    return command.parse([...args], { from: "user" }).opts();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

function numberFlag(what: string, isAllowed: (value: number) => boolean): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isFinite(value) && isAllowed(value)) return value;
    throw new InvalidArgumentError(`a number ${what} is needed.`);
  };
}
