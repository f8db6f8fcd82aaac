/** Both ends of a native TLS connection on loopback. */
import { CERTIFICATE_NAME, selfSigned } from "../../../src/net/self_signed.ts";
import { TlsPipe } from "../../../src/net/tls_pipe.ts";

export interface TlsPair {
  readonly near: TlsPipe;
  readonly far: TlsPipe;
  /** What `far` reads and writes. */
  readonly raw: Deno.TlsConn;
}

export async function withTlsPair(body: (pair: TlsPair) => Promise<void>): Promise<void> {
  const { certificate, key } = selfSigned();
  const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert: certificate, key });
  const accepted = listener.accept();
  const near = new TlsPipe(
    await Deno.startTls(
      await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
      { hostname: CERTIFICATE_NAME, caCerts: [certificate] },
    ),
  );
  const raw = await accepted;
  await raw.handshake();
  const far = new TlsPipe(raw);
  try {
    await body({ near, far, raw });
  } finally {
    near.abort();
    far.abort();
    listener.close();
  }
}

export const pattern = (length: number, seed = 1) =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + seed + (i >> 8)) & 255);
