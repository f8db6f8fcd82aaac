/** A terminal that answers as a script says and keeps what it was told. */
import assert from "node:assert/strict";
import type { Terminal } from "../../../src/cli/terminal.ts";

export class ScriptedTerminal implements Terminal {
  readonly environment: Record<string, string>;
  readonly printed: string[] = [];
  readonly told: string[] = [];
  readonly questions: string[] = [];
  readonly confirm?: (question: string) => Promise<boolean>;
  readonly readPiped = async () => "";
  readonly print = (text: string) => void this.printed.push(text);
  readonly tell = (text: string) => void this.told.push(text);
  readonly tellDuring = <T>(text: string, work: () => Promise<T>) => {
    this.told.push(text);
    return work();
  };

  /** @param script.confirms what a person says; without one there is nobody to ask */
  constructor(script: { environment?: Record<string, string>; confirms?: boolean } = {}) {
    this.environment = script.environment ?? {};
    const { confirms } = script;
    if (confirms === undefined) return;
    this.confirm = async (question) => {
      this.questions.push(question);
      return confirms;
    };
  }

  /** The one object that was printed since the last call. */
  takeJson(): any {
    const printed = this.printed.splice(0);
    assert.equal(printed.length, 1, printed.join("\n"));
    return JSON.parse(printed[0]);
  }
}
