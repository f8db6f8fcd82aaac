import { SkeinError } from "../base/errors.ts";

export type DataErrorCode =
  | "data/not-found"
  | "data/unreadable"
  | "data/empty"
  | "data/not-utf8"
  | "data/too-large"
  | "data/too-small";

export class DataError extends SkeinError<DataErrorCode> {}
