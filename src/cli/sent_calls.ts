/** What a command has sent so far, and so what whoever stops it must know. */
import type { CallObserver, CallStage } from "../chain/call_stage.ts";

export class SentCalls {
  readonly #calls = new Map<number, { readonly what: string; readonly stage: CallStage }>();

  readonly observe: CallObserver = (what, order, stage) => void this.#calls.set(order, { what, stage });

  /** One line on what is true at this moment. */
  describeStop(): string {
    const lines = [...this.#calls.values()].flatMap(({ what, stage }) => describe(what, stage) ?? []);
    return `stopped; ${lines.length === 0 ? "nothing was sent" : lines.join("; ")}`;
  }
}

function describe(what: string, stage: CallStage): string | undefined {
  switch (stage.kind) {
    case "refused":
      return undefined;
    case "sent":
      return `"${what}" was sent and may still come in until block ${stage.lastBlock}, look whether it did before ` +
        `you send it again`;
    case "included":
      return `"${what}" ${stage.hasFailed ? "has failed" : "is done"}, in block ${stage.block}`;
  }
}
