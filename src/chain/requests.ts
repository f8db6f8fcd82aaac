/** Requests to the node in words of ours: what it refuses is an error of this room. */
import { isSkeinError } from "../base/errors.ts";
import { chainError } from "./errors.ts";
import type { SteadyProvider } from "./steady_provider.ts";
import type { ChainRequest } from "./storage.ts";

/** @param limitMs how long a request outwaits an outage @returns a function that throws `chain/request-failed`, `chain/disconnected` */
export function requestsOf(provider: SteadyProvider, limitMs: number): ChainRequest {
  return async (method, params) => {
    try {
      return await provider.request(method, params, limitMs);
    } catch (error) {
      if (isSkeinError(error)) throw error;
      const { message, code } = error as Error & { code?: number };
      throw chainError(
        "chain/request-failed",
        `request ${method} of ${provider.url}: the node answers ${message}, try again or use another node`,
        { method, rpcCode: code },
      );
    }
  };
}
