/**
 * What a swarm has done so far, folded from its nodes' events: a pure reducer that the supervisor feeds and the table
 * and the summary read.
 */
import type { NodeEvent, RoundEvent } from "./events.ts";

export interface NodeRecord {
  readonly role: "miner" | "validator";
  readonly hotkey: string;
  pid: number;
  isAlive: boolean;
  adapter: string;
  outerStep: number;
  innerStep: number;
  loss: number | null;
  tokensPerSec: number;
  peers: number;
  sentBytes: number;
  score: number | null;
  /** By outer step: what the node reported after it. */
  readonly rounds: Map<number, RoundEvent>;
}

export interface RoundSummary {
  outerStep: number;
  root: string;
  members: number;
  /** Longest time a member spent from the start of its inner steps to the new state. */
  seconds: number;
  /** Bytes sent by all nodes for this round, above encryption. */
  wireBytes: number;
  /** One member's pseudo-gradient on the wire, and in f32. */
  encodedBytes: number;
  rawBytes: number;
  validationLoss: number | null;
}

export class SwarmRecord {
  readonly nodes = new Map<string, NodeRecord>();
  adapter = "";
  initialValidationLoss: number | null = null;
  /** Outer step of the newest scores that a validator has written to the chain. */
  weightsOuterStep = 0;

  spawned(role: "miner" | "validator", hotkey: string, pid: number): void {
    const known = this.nodes.get(hotkey);
    if (known !== undefined) {
      known.pid = pid;
      known.isAlive = true;
      return;
    }
    this.nodes.set(hotkey, {
      role,
      hotkey,
      pid,
      isAlive: true,
      adapter: "",
      outerStep: 0,
      innerStep: 0,
      loss: null,
      tokensPerSec: 0,
      peers: 0,
      sentBytes: 0,
      score: null,
      rounds: new Map(),
    });
  }

  exited(hotkey: string): void {
    const node = this.nodes.get(hotkey);
    if (node !== undefined) node.isAlive = false;
  }

  apply(event: NodeEvent): void {
    const node = this.nodes.get(event.hotkey);
    if (node === undefined) return;
    switch (event.event) {
      case "started":
        node.adapter = event.adapter;
        node.outerStep = event.outerStep;
        if (this.adapter === "") this.adapter = event.adapter;
        return;
      case "evaluated":
        if (event.outerStep === 0 && this.initialValidationLoss === null) {
          this.initialValidationLoss = event.validationLoss;
        }
        return;
      case "step":
        node.innerStep = event.innerStep;
        node.loss = event.loss;
        node.tokensPerSec = event.tokensPerSec;
        node.peers = event.peers;
        return;
      case "round":
        node.rounds.set(event.outerStep, event);
        node.outerStep = Math.max(node.outerStep, event.outerStep);
        node.sentBytes += event.sentBytes;
        return;
      case "weights-set":
        this.weightsOuterStep = Math.max(this.weightsOuterStep, event.outerStep);
        for (const [hotkey, score] of Object.entries(event.scores)) {
          const scored = this.nodes.get(hotkey);
          if (scored !== undefined) scored.score = score;
        }
    }
  }

  /** True once every live node holds the state of `outerStep`, and at least one does. */
  allReached(outerStep: number): boolean {
    const live = [...this.nodes.values()].filter((node) => node.isAlive);
    return live.length > 0 && live.every((node) => node.rounds.has(outerStep));
  }

  round(outerStep: number): RoundSummary | undefined {
    const reports = [...this.nodes.values()].flatMap((node) => node.rounds.get(outerStep) ?? []);
    if (reports.length === 0) return undefined;
    const members = reports.filter((report) => report.role === "miner");
    const evaluated =
      reports.find((report) => report.role === "validator" && report.validationLoss !== null) ??
        reports.find((report) => report.validationLoss !== null);
    return {
      outerStep,
      root: reports[0].root,
      members: Math.max(...reports.map((report) => report.members)),
      seconds: Math.max(...(members.length > 0 ? members : reports).map((report) => report.seconds)),
      wireBytes: reports.reduce((sum, report) => sum + report.sentBytes, 0),
      encodedBytes: Math.max(...reports.map((report) => report.encodedBytes)),
      rawBytes: Math.max(...reports.map((report) => report.rawBytes)),
      validationLoss: evaluated?.validationLoss ?? null,
    };
  }

  /** The fixed interface of `skein up --json`'s last line, without the chain's weights. */
  summary(preset: string, roundCount: number) {
    const steps = Array.from({ length: roundCount }, (_, k) => k + 1);
    return {
      event: "summary" as const,
      adapter: this.adapter,
      preset,
      rounds: steps.flatMap((k) => this.round(k) ?? []),
      nodes: [...this.nodes.values()].map((node) => ({
        role: node.role,
        hotkey: node.hotkey,
        roots: steps.map((k) => node.rounds.get(k)?.root ?? null),
      })),
      initialValidationLoss: this.initialValidationLoss,
    };
  }
}
