/**
 * WebRTC, loaded only when asked for because it needs a native addon: direct (to a node with a UDP port of its own), and
 * between two nodes behind a relay that exchange their candidates through it. Deno runs the addon's queued callbacks
 * back to back without letting promise continuations in between, so an event can overtake the code that would have
 * listened for it; every event of the addon's classes is therefore delivered in a macrotask of its own, in order.
 */
import { netError } from "./errors.ts";

type Dispatcher = { prototype: EventTarget };
const MARK = Symbol.for("skein.webrtc.paced");

/**
 * libp2p's transport factories.
 * @param stunUrls who is asked for the address from which we are seen, which it takes to get through a NAT
 * @throws {SkeinError} `net/webrtc-unavailable`
 */
export async function loadWebrtc(stunUrls: readonly string[]): Promise<unknown[]> {
  try {
    const polyfill = await import("node-datachannel/polyfill") as unknown as Record<string, Dispatcher>;
    const { setImmediate } = await import("node:timers");
    for (const name of ["RTCDataChannel", "RTCPeerConnection"]) paceEvents(polyfill[name], setImmediate);
    containAddonErrors();
    const { webRTC, webRTCDirect } = await import("@libp2p/webrtc");
    // Without a list, be it empty, libp2p asks public STUN servers about us.
    const rtcConfiguration = { iceServers: stunUrls.map((urls) => ({ urls })) };
    return [webRTCDirect({ rtcConfiguration: { iceServers: [] } }), webRTC({ rtcConfiguration })];
  } catch (cause) {
    throw netError(
      "net/webrtc-unavailable",
      "load WebRTC: its native addon did not load, leave WebRTC off or reinstall the packages",
      {},
      cause,
    );
  }
}

const waiting: [EventTarget, Event][] = [];

function paceEvents(target: Dispatcher, schedule: (run: () => void) => unknown): void {
  const prototype = target.prototype as EventTarget & { [MARK]?: boolean };
  if (prototype[MARK]) return;
  const deliver = EventTarget.prototype.dispatchEvent;
  const next = () => {
    const [receiver, event] = waiting.shift()!;
    if (waiting.length > 0) schedule(next);
    if (!isOfDeadChannel(event)) deliver.call(receiver, event);
  };
  prototype[MARK] = true;
  prototype.dispatchEvent = function (event: Event): boolean {
    waiting.push([this, event]);
    if (waiting.length === 1) schedule(next);
    return true;
  };
}

/** A channel that was closed before its turn came: whoever would take it in could only throw. */
function isOfDeadChannel(event: Event): boolean {
  const { channel } = event as Event & { channel?: { bufferedAmountLowThreshold: number } };
  if (event.type !== "datachannel" || channel === undefined) return false;
  try {
    channel.bufferedAmountLowThreshold = 0;
    return false;
  } catch {
    return true;
  }
}

/** How many hosts of this process use the addon. */
let userCount = 0;

/**
 * A libp2p service for each host with WebRTC: the last one to stop has the addon close what it still holds and forget its
 * callbacks. One that the addon calls while the process ends is a call into freed memory.
 */
export function webrtcAddon(): Record<"start" | "stop" | "afterStop", () => Promise<void>> {
  return {
    start: async () => void userCount++,
    stop: async () => {},
    afterStop: async () => {
      if (--userCount > 0) return;
      const { cleanup } = await import("node-datachannel");
      const { setImmediate } = await import("node:timers");
      cleanup();
      // What was queued before is delivered, to nobody.
      while (waiting.length > 0) await new Promise<void>((resolve) => setImmediate(() => resolve()));
    },
  };
}

let isContained = false;

/**
 * What a listener of the addon's events throws has no caller that could catch it: it would end the process, and a peer can
 * bring it about by closing at the wrong moment. The connection notices by its own state.
 */
function containAddonErrors(): void {
  if (isContained) return;
  isContained = true;
  globalThis.addEventListener("error", (event) => {
    if (/called on destroyed|libdatachannel/.test(String(event.error))) event.preventDefault();
  });
}
