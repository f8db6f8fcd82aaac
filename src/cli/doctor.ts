/** `skein doctor`: is this machine fit to train, and what would make it fitter? */
import { Command } from "@commander-js/extra-typings";
import { systemClock } from "../base/clock.ts";
import { renderDoctor } from "./doctor_report.ts";
import { printJson } from "./present.ts";
import { printLine } from "./stdout.ts";
import { VERSION } from "./version.ts";

export const doctorCommand = (finish: (code: number) => void) =>
  new Command("doctor")
    .description(
      "examine this machine: adapter, driver, features, arithmetic, ceilings, models that fit; exits 1 when unfit",
    )
    .option("--json", "print one JSON object", false)
    .action(async ({ json }) => {
      const { examine } = await import("../node/doctor.ts");
      const report = await examine({ clock: systemClock });
      if (json) printJson({ skein: VERSION, ...report });
      else printLine(renderDoctor(report, VERSION));
      finish(report.fit ? 0 : 1);
    });
