/** An abort signal that fires after a time, or with another signal, whichever is first. */
import type { Clock } from "../base/clock.ts";
import { netError } from "./errors.ts";

/**
 * Runs `task` with the deadline's signal. Rejects when the time is up even if the task does not listen to it.
 * @throws {SkeinError} `net/timeout` when the time is up; the signal's reason when `signal` aborts first
 */
export async function withDeadline<T>(
  clock: Clock,
  deadline: { what: string; timeoutMs: number; signal?: AbortSignal },
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const onAbort = () => controller.abort(deadline.signal!.reason);
  if (deadline.signal?.aborted) onAbort();
  deadline.signal?.addEventListener("abort", onAbort, { once: true });
  const cancel = clock.after(deadline.timeoutMs, () =>
    controller.abort(
      netError(
        "net/timeout",
        `${deadline.what}: no end after ${deadline.timeoutMs} ms, ask again or ask another`,
      ),
    ));
  const aborted = new Promise<never>((_, reject) => {
    if (controller.signal.aborted) reject(controller.signal.reason);
    controller.signal.addEventListener("abort", () => reject(controller.signal.reason), { once: true });
  });
  try {
    return await Promise.race([task(controller.signal), aborted]);
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    aborted.catch(() => {});
    cancel();
    deadline.signal?.removeEventListener("abort", onAbort);
  }
}
