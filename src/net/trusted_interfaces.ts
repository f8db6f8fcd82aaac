/**
 * libp2p tells others a public address only when AutoNAT has confirmed it, which takes several strangers in different
 * networks: the first node of a network, or a relay that just started, would have no address at all. An address of
 * an interface of ours that we listen on is told from the start; AutoNAT takes it back when it cannot be dialed.
 */
import type { Listener } from "@libp2p/interface";

type Handler = (event: { detail: Pick<Listener, "getAddrs"> }) => void;

/** The parts of libp2p's components that are used here. */
interface Components {
  readonly events: Record<
    "addEventListener" | "removeEventListener",
    (type: string, handler: Handler) => void
  >;
  readonly addressManager: { confirmObservedAddr(addr: unknown, options: { type: "transport" }): void };
}

/** A libp2p service. */
export function trustInterfaces(): (components: Components) => { start(): void; stop(): void } {
  return ({ events, addressManager }) => {
    const onListening: Handler = ({ detail: listener }) => {
      for (const addr of listener.getAddrs()) addressManager.confirmObservedAddr(addr, { type: "transport" });
    };
    return {
      start: () => events.addEventListener("transport:listening", onListening),
      stop: () => events.removeEventListener("transport:listening", onListening),
    };
  };
}
