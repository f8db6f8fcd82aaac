/** `skein up`: a whole swarm on this machine. */
import { Command } from "@commander-js/extra-typings";
import { systemClock } from "../base/clock.ts";
import type { LogEvent } from "../base/log.ts";
import { integerFlag, oneOfFlag } from "./flags.ts";
import { describeEvent, printJson } from "./present.ts";
import { CODEC_HELP, CODEC_NAMES, PRECISION_HELP, PRECISION_NAMES, PRESET_NAMES } from "./preset_names.ts";
import { printLine } from "./stdout.ts";
import { stopSignal } from "./stop_signal.ts";
import { LiveTable, renderTable } from "./table.ts";

const TABLE_MS = 500;

export const upCommand = (finish: (code: number) => void) =>
  new Command("up")
    .description("start a local subnet (chain, validators, miners) that trains one model together")
    .option("--miners <n>", "miners to start", integerFlag(1, 64), 3)
    .option("--validators <n>", "validators to start", integerFlag(0, 16), 1)
    .option(
      "--rounds <n>",
      "stop after this many committed rounds (default: run until Ctrl-C)",
      integerFlag(1, 1e6),
    )
    .option(
      "--preset <name>",
      `model and training preset: ${PRESET_NAMES.join(", ")}`,
      oneOfFlag(PRESET_NAMES),
      "pico",
    )
    .option("--codec <name>", CODEC_HELP, oneOfFlag(CODEC_NAMES), "u8")
    .option("--precision <name>", PRECISION_HELP, oneOfFlag(PRECISION_NAMES), "f32")
    .option("--data <path>", "train on your own text: a UTF-8 file, or a directory of them")
    .option(
      "--home <dir>",
      "directory of the swarm; an existing one is continued (default: a new one each time)",
    )
    .option(
      "--chain-port <port>",
      "port of the local chain; a free one is taken when in use",
      integerFlag(1, 65535),
      9944,
    )
    .option("--block-ms <ms>", "block time of the local chain", integerFlag(100, 60_000), 1000)
    .option("--stall-minutes <n>", "give up when nothing is committed for this long", integerFlag(1, 1440), 5)
    .option("--json", "print one JSON object per event, a summary last", false)
    .action(async (flags) => {
      const { Supervisor } = await import("../node/supervisor.ts");
      const { dataDirectory, holdHome, newNumberedDirectory } = await import("../node/home.ts");
      const directory = flags.home ?? await newNumberedDirectory(`${dataDirectory()}/swarms`);
      const home = await holdHome(directory);
      const stop = stopSignal();
      const isLive = !flags.json && Deno.stdout.isTerminal();
      const table = new LiveTable();
      const write = (text: string) => void Deno.stdout.writeSync(new TextEncoder().encode(text));
      const onEvent = (event: LogEvent) => {
        if (flags.json) return printJson(event);
        const isPerStep = event.event === "step" || event.event === "evaluated";
        const text = isPerStep ? undefined : describeEvent(event);
        if (text === undefined) return;
        const line = typeof event.node === "string" ? `${event.node}: ${text}` : text;
        if (isLive) table.above(line, write);
        else printLine(line);
      };
      const supervisor = new Supervisor({
        directory,
        minerCount: flags.miners,
        validatorCount: flags.validators,
        roundCount: flags.rounds,
        preset: flags.preset,
        codec: flags.codec,
        precision: flags.precision,
        dataPath: flags.data,
        chainPort: flags.chainPort,
        blockMs: flags.blockMs,
        stallMs: flags.stallMinutes * 60_000,
      }, { clock: systemClock, onEvent, signal: stop.signal });
      const done = new AbortController();
      const drawing = isLive
        ? draw(() => table.draw(renderTable(supervisor.record), write), done.signal)
        : undefined;
      try {
        const { summary, isComplete } = await supervisor.run();
        done.abort();
        await drawing;
        if (flags.json) printJson(summary);
        else printLine(`${renderTable(supervisor.record)}\nkept in ${directory}`);
        finish(isComplete ? 0 : stop.signal.aborted ? 130 : 1);
      } finally {
        done.abort();
        stop.dispose();
        await home.release();
      }
    });

async function draw(step: () => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    step();
    await systemClock.sleep(TABLE_MS, signal).catch(() => {});
  }
}
