/** The dialer's half of opening a bulk channel: TCP, TLS that trusts one certificate, the token, the listener's welcome. */
import { fromHex } from "../base/bytes.ts";
import { type ChannelOffer, WELCOME } from "./channel_offer.ts";
import { netError } from "./errors.ts";
import { CERTIFICATE_NAME } from "./self_signed.ts";
import { TlsPipe } from "./tls_pipe.ts";

export interface ChannelDial {
  /** @throws {SkeinError} `net/dial-failed`; the signal's reason */
  readonly pipe: Promise<TlsPipe>;
  /**
   * Resolves when the attempt holds no socket that is not `pipe`'s. Closed in its handshake, a TLS connection of Deno's keeps
   * its socket for as long as the other end says nothing, so it is not: whoever never answers has one of ours, and no more.
   */
  readonly isSettled: Promise<void>;
}

export function dialChannel(
  place: { hostname: string; port: number },
  offer: ChannelOffer,
  signal: AbortSignal,
): ChannelDial {
  const settled = Promise.withResolvers<void>();
  const pipe = open(place, offer, signal, settled.resolve).catch((cause) => {
    signal.throwIfAborted();
    throw netError(
      "net/dial-failed",
      `open a bulk channel to ${place.hostname} port ${place.port}: refused, open that port to have faster transfers`,
      place,
      cause,
    );
  });
  return { pipe, isSettled: settled.promise };
}

async function open(
  place: { hostname: string; port: number },
  { certificate, token }: ChannelOffer,
  signal: AbortSignal,
  onSettled: () => void,
): Promise<TlsPipe> {
  let pipe: TlsPipe | undefined;
  const onAbort = () => pipe?.abort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const connection = await secure(place, certificate, signal);
    pipe = new TlsPipe(connection);
    signal.throwIfAborted();
    await pipe.write(fromHex(token));
    const answer = await pipe.read(1);
    if (answer?.[0] !== WELCOME) throw new Error("it does not know the token, or has no room");
    return pipe;
  } catch (error) {
    pipe?.abort();
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
    onSettled();
  }
}

async function secure(
  place: { hostname: string; port: number },
  certificate: string,
  signal: AbortSignal,
): Promise<Deno.TlsConn> {
  const plain = await Deno.connect({ ...place, signal });
  plain.setNoDelay();
  plain.setKeepAlive();
  // Takes the socket over, also when it fails.
  const connection = await Deno.startTls(plain, { hostname: CERTIFICATE_NAME, caCerts: [certificate] });
  try {
    await connection.handshake();
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}
