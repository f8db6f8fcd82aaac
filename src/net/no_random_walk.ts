/**
 * libp2p's AutoNAT and relay discovery look for strangers by walking the DHT at random, over and over until they have
 * enough. In a small network, or one whose relay is down, that is a loop that takes a whole core, and with nobody
 * connected it never lets anything else run. Ours hold connections to all members and are told their relays: no walk.
 */
type Factory = (components: never) => unknown;

const randomWalk = {
  async *walk(): AsyncGenerator<never> {},
};

/** @param factory of a service or transport, as libp2p takes them */
export function withoutRandomWalk<T>(factory: T): T {
  const create = factory as unknown as Factory;
  const wrapped = (components: object) =>
    create(Object.create(components, { randomWalk: { value: randomWalk } }) as never);
  return wrapped as unknown as T;
}
