/**
 * Answers to a client that asks for what cannot be: JSON-RPC error codes, and those that Substrate adds for
 * transactions.
 */
export class RpcError extends Error {
  override name = "RpcError";
  readonly code: number;
  readonly data: string | undefined;

  constructor(code: number, message: string, data?: string) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

const invalid = (data: string) => new RpcError(1010, "Invalid Transaction", data);

export const refusal = {
  badFormat: (why: string) => new RpcError(1001, `Extrinsic has invalid format: ${why}`),
  stale: () => invalid("Transaction is outdated"),
  badProof: () => invalid("Transaction has a bad signature"),
  badSigner: () => invalid("Invalid signing address"),
  ancientBirthBlock: () => invalid("Transaction has an ancient birth block"),
  payment: () => invalid("Inability to pay some fees (e.g. account balance too low)"),
  mandatory: () => invalid("Transaction dispatch is mandatory; transactions must not be validated."),
  exhaustsResources: () => invalid("Transaction would exhaust the block limits"),
  unsigned: () =>
    new RpcError(
      1011,
      "Unknown Transaction Validity",
      "Could not find an unsigned validator for the unsigned transaction",
    ),
  banned: () => new RpcError(1012, "Transaction is temporarily banned"),
  alreadyImported: (hash: string) => new RpcError(1013, "Transaction Already Imported", hash),
  priorityTooLow: (tip: bigint, other: bigint) =>
    new RpcError(
      1014,
      `Priority is too low: (${other} vs ${tip})`,
      "The transaction has too low priority to replace another transaction already in the pool.",
    ),
  immediatelyDropped: () =>
    new RpcError(
      1016,
      "Immediately Dropped",
      "The transaction couldn't enter the pool because of the limit",
    ),
};
