import { SkeinError } from "../base/errors.ts";

export type StateErrorCode =
  /** A file that is torn, altered or of another format. */
  | "state/corrupt"
  /** No checkpoint in a directory. */
  | "state/no-checkpoint"
  /** A sound checkpoint that does not hold what the model needs. */
  | "state/bad-checkpoint"
  /** The file system refused. */
  | "state/io"
  /** No peer serves what is asked for. */
  | "state/no-source"
  /** A peer's answer contradicts its own promise. */
  | "state/bad-answer"
  /** Asked of us: a state or result that is not kept. */
  | "state/not-kept"
  /** Asked of us: nonsense. */
  | "state/bad-request";

export class StateError extends SkeinError<StateErrorCode> {}
