/** How far a call has come, told step by step to whoever may have to leave before its end. */
export type CallStage =
  /** On its way to a pool, or in one: it may come in until `lastBlock`, whoever still watches. */
  | { readonly kind: "sent"; readonly lastBlock: number }
  /** No pool has it: it was refused. */
  | { readonly kind: "refused" }
  | { readonly kind: "included"; readonly block: number; readonly hasFailed: boolean };

/** @param what as errors name it @param order the call's number, from 1 on */
export type CallObserver = (what: string, order: number, stage: CallStage) => void;
