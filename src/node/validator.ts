/** The life of a validator: follow each committed step, score those who made it, set weights. */
import type { NodeContext } from "./context.ts";
import { tellStartingLoss } from "./evaluation.ts";
import { CommitWatch, followCommit } from "./follow.ts";
import { RoundMeter } from "./round_report.ts";
import { Scorer } from "./scorer.ts";
import { collectGarbage } from "./v8_memory.ts";
import { WaypointCollector } from "./waypoint_collector.ts";
import { waypointCodec } from "./waypoints.ts";

/** Without news for so long: ask the peers, a certificate may have been lost. */
const SILENCE_MS = 15_000;
const RETRY_PAUSE_MS = 500;

export async function runValidator(node: NodeContext): Promise<void> {
  const { states, signal, options, clock, log, allReduce, network } = node;
  await states.catchUp(signal);
  await tellStartingLoss(node);
  const watch = new CommitWatch(allReduce);
  const collector = new WaypointCollector(
    states.current.outerStep + 1,
    waypointCodec.encodedBytes(states.current.parameters.length),
    { allReduce, transport: network.transport, log, signal },
  );
  const scorer = await Scorer.open(node, collector);
  const meter = new RoundMeter(node);
  const startedAt = states.current.outerStep;
  try {
    while (!signal.aborted) {
      const anchor = states.current;
      const anchorRoot = states.root;
      const certificate = watch.newest(anchor.outerStep);
      if (certificate === undefined) {
        const silence = clock.sleep(SILENCE_MS, signal).catch(() => {});
        const isNews = await Promise.race([watch.next().then(() => true), silence.then(() => false)]);
        if (isNews || signal.aborted || !await states.catchUp(signal)) continue;
      } else if (!await followCommit(node, certificate)) {
        watch.dismiss(certificate);
        await clock.sleep(RETRY_PAUSE_MS, signal).catch(() => {});
        continue;
      }
      await meter.report();
      // What made our state, which need not be the certificate that was heard of last.
      const made = states.certificate;
      if (made?.outerStep === anchor.outerStep + 1 && made.proposal.anchorRoot === anchorRoot) {
        await scorer.score(anchor, made);
      } else {
        log.warn(
          `outer steps ${anchor.outerStep + 1} to ${states.current.outerStep} passed without us: not scored`,
        );
      }
      collector.moveTo(states.current.outerStep + 1);
      collectGarbage();
      if (options.rounds !== undefined && states.current.outerStep - startedAt >= options.rounds) break;
    }
    await scorer.settled();
  } finally {
    await scorer.close();
    collector.close();
    watch.close();
  }
}
