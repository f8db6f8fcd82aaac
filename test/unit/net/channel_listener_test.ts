/** Who is let in by a real listener on loopback, and what strangers can hold of it. */
import assert from "node:assert/strict";
import { systemClock } from "../../../src/base/clock.ts";
import { isSkeinError } from "../../../src/base/errors.ts";
import { silentLog } from "../../../src/base/log.ts";
import { dialChannel } from "../../../src/net/channel_dial.ts";
import {
  ChannelListener,
  MAX_STRANGERS,
  TOKEN_LIFETIME_MS,
  TOKEN_TIMEOUT_MS,
} from "../../../src/net/channel_listener.ts";
import { offerOf } from "../../../src/net/channel_offer.ts";
import { CERTIFICATE_NAME, selfSigned } from "../../../src/net/self_signed.ts";
import { MAX_STRIPES } from "../../../src/net/stripe_growth.ts";
import type { TlsPipe } from "../../../src/net/tls_pipe.ts";
import { VirtualClock } from "../../simulation/virtual_clock.ts";
import { until } from "./swarm.ts";

class Lobby {
  readonly clock: VirtualClock | typeof systemClock;
  readonly used: { hotkey: string; pipe: TlsPipe }[] = [];
  hasRoom = true;
  readonly listener: ChannelListener;

  constructor(clock: VirtualClock | typeof systemClock = new VirtualClock()) {
    this.clock = clock;
    this.listener = new ChannelListener({
      clock,
      log: silentLog,
      admits: () => this.hasRoom,
      use: (hotkey, pipe) => void this.used.push({ hotkey, pipe }),
    });
    this.listener.listen(["/ip4/127.0.0.1/tcp/4001"]);
  }

  offer(hotkey: string) {
    return offerOf(this.listener.offer(hotkey));
  }

  async dial(offer: ReturnType<typeof offerOf>): Promise<TlsPipe> {
    const place = { hostname: "127.0.0.1", port: offer.ip4! };
    return await dialChannel(place, offer, new AbortController().signal).pipe;
  }

  connect(): Promise<Deno.TcpConn> {
    return Deno.connect({ hostname: "127.0.0.1", port: this.offer("Eve").ip4! });
  }

  stop(): void {
    this.listener.stop();
    for (const { pipe } of this.used) pipe.abort();
  }
}

function lobbyTest(name: string, body: (lobby: Lobby) => Promise<void>, clock?: typeof systemClock): void {
  Deno.test(name, async () => {
    const lobby = new Lobby(clock);
    try {
      await body(lobby);
    } finally {
      lobby.stop();
    }
  });
}

const isRefused = (error: unknown) => isSkeinError(error, "net/dial-failed");

lobbyTest("who says a token is the member that it was given to, once", async (lobby) => {
  const forBob = lobby.offer("Bob"), forCarol = lobby.offer("Carol");
  const pipes = [await lobby.dial(forCarol), await lobby.dial(forBob)];
  await until(() => lobby.used.length === 2, "both are in use");
  assert.deepEqual(lobby.used.map(({ hotkey }) => hotkey), ["Carol", "Bob"]);
  await pipes[1].write(Uint8Array.of(5));
  assert.deepEqual(await lobby.used[1].pipe.read(1), Uint8Array.of(5));
  await assert.rejects(lobby.dial(forBob), isRefused);
  await assert.rejects(lobby.dial({ ...forBob, token: "00".repeat(32) }), isRefused);
  assert.equal(lobby.used.length, 2);
  for (const pipe of pipes) pipe.abort();
});

lobbyTest("a token is good for half a minute, and only the newest of a member are", async (lobby) => {
  const clock = lobby.clock as VirtualClock;
  const first = lobby.offer("Bob");
  await clock.advance(() => false, TOKEN_LIFETIME_MS);
  (await lobby.dial(first)).abort();
  const late = lobby.offer("Bob");
  await clock.advance(() => false, 2 * TOKEN_LIFETIME_MS + 1);
  await assert.rejects(lobby.dial(late), isRefused);
  const pushedOut = lobby.offer("Bob"), ofAnother = lobby.offer("Carol");
  for (let i = 0; i < 2 * MAX_STRIPES; i++) lobby.offer("Bob");
  await assert.rejects(lobby.dial(pushedOut), isRefused);
  (await lobby.dial(ofAnother)).abort();
});

lobbyTest("no other certificate is trusted, and none that is no certificate", async (lobby) => {
  const offer = lobby.offer("Bob");
  await assert.rejects(lobby.dial({ ...offer, certificate: selfSigned().certificate }), isRefused);
  await assert.rejects(lobby.dial({ ...offer, certificate: "" }), isRefused);
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  await assert.rejects(lobby.dial({ ...offer, certificate: broken }), isRefused);
  (await lobby.dial(offer)).abort();
});

lobbyTest("without room there is no offer, and a token that is out already lets nobody in", async (lobby) => {
  const offer = lobby.offer("Bob");
  lobby.hasRoom = false;
  assert.throws(() => lobby.offer("Bob"), (error) => isSkeinError(error, "net/too-many-connections"));
  await assert.rejects(lobby.dial(offer), isRefused);
  assert.equal(lobby.used.length, 0);
});

lobbyTest("a stranger that shakes hands and trickles is hung up on in ten seconds", async (lobby) => {
  const clock = lobby.clock as VirtualClock;
  const { certificate } = lobby.offer("Eve");
  const options = { hostname: CERTIFICATE_NAME, caCerts: [certificate] };
  const stranger = await Deno.startTls(await lobby.connect(), options);
  await stranger.write(new Uint8Array(31));
  await systemClock.sleep(50);
  let isOver = false;
  const ended = stranger.read(new Uint8Array(1)).catch(() => null).then((read) => {
    isOver = true;
    return read;
  });
  await clock.advance(() => false, TOKEN_TIMEOUT_MS - 1);
  await systemClock.sleep(20);
  assert.equal(isOver, false);
  // On a busy machine its half of the handshake, from which the time runs, ends later than ours.
  for (let tries = 0; !isOver && tries < 500; tries++) {
    await clock.advance(() => false, clock.nowMs() + TOKEN_TIMEOUT_MS);
    await systemClock.sleep(10);
  }
  assert.equal(isOver, true);
  assert.equal(await ended, null);
  stranger.close();
});

lobbyTest("silent strangers fill all places, and the next is let in when one of them goes", async (lobby) => {
  const strangers = await Promise.all(Array.from({ length: MAX_STRANGERS }, () => lobby.connect()));
  await systemClock.sleep(100); // all of them are accepted
  const signal = AbortSignal.timeout(10_000);
  const offer = lobby.offer("Bob");
  let isIn = false;
  const dial = dialChannel({ hostname: "127.0.0.1", port: offer.ip4! }, offer, signal);
  const pipe = dial.pipe.then((pipe) => {
    isIn = true;
    return pipe;
  });
  await systemClock.sleep(200);
  assert.equal(isIn, false);
  strangers.pop()!.close();
  (await pipe).abort();
  for (const stranger of strangers) stranger.close();
}, systemClock);

Deno.test("after the stop nobody listens, no offer is made and no stranger is waited for", async () => {
  const lobby = new Lobby(systemClock);
  const offer = lobby.offer("Bob");
  const silent = await lobby.connect();
  await systemClock.sleep(50);
  lobby.stop();
  await assert.rejects(lobby.dial(offer), isRefused);
  assert.throws(() => lobby.offer("Bob"), (error) => isSkeinError(error, "net/no-handler"));
  silent.close();
});

Deno.test("who dials and is not answered gives up in time, and knows when its socket is free", async () => {
  const mute = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = mute.accept();
  const controller = new AbortController();
  const offer = { certificate: selfSigned().certificate, token: "11".repeat(32) };
  const place = { hostname: "127.0.0.1", port: mute.addr.port };
  const dial = dialChannel(place, offer, controller.signal);
  const connection = await accepted;
  let isSettled = false;
  void dial.isSettled.then(() => isSettled = true);
  controller.abort(new Error("too late"));
  await systemClock.sleep(50);
  assert.equal(isSettled, false);
  connection.close();
  await assert.rejects(dial.pipe, /too late/);
  await dial.isSettled;
  mute.close();
});

Deno.test("one fixed port serves both families on all hosts that are listened on", async () => {
  const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = free.addr;
  free.close();
  for (
    const addrs of [["/ip4/0.0.0.0/tcp/1", "/ip6/::/tcp/1"], ["/ip4/127.0.0.1/tcp/1", "/ip4/127.0.0.2/tcp/1"]]
  ) {
    const both = new ChannelListener({
      clock: systemClock,
      log: silentLog,
      admits: () => true,
      use: (_, pipe) => pipe.abort(),
    });
    both.listen(addrs, port);
    const offer = offerOf(both.offer("Bob"));
    assert.equal(offer.ip4, port);
    const hosts = addrs[1].startsWith("/ip6") ? ["127.0.0.1", "::1"] : ["127.0.0.1", "127.0.0.2"];
    for (const hostname of hosts) {
      const fresh = offerOf(both.offer("Bob"));
      (await dialChannel({ hostname, port }, fresh, new AbortController().signal).pipe).abort();
    }
    both.stop();
    await systemClock.sleep(20); // the port is free a moment later
  }
});
