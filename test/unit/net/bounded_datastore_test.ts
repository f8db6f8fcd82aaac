import assert from "node:assert/strict";
import { BoundedDatastore, MAX_DHT_ENTRIES } from "../../../src/net/bounded_datastore.ts";

type Key = Parameters<BoundedDatastore["put"]>[0];
const key = (name: string) => ({ toString: () => name }) as unknown as Key;
const one = Uint8Array.of(1);

Deno.test("the DHT's oldest entries make room, and nothing else has to", () => {
  const store = new BoundedDatastore();
  store.put(key("/peers/a"), one);
  for (let i = 0; i < MAX_DHT_ENTRIES; i++) store.put(key(`/dht/record/${i}`), one);
  store.put(key("/dht/record/0"), one); // renewed: now the youngest
  store.put(key("/dht/record/new"), one);
  assert.deepEqual(
    ["/peers/a", "/dht/record/0", "/dht/record/1", "/dht/record/2", "/dht/record/new"].map((name) =>
      store.has(key(name))
    ),
    [true, true, false, true, true],
  );
  store.delete(key("/dht/record/2"));
  store.put(key("/dht/record/newer"), one);
  assert.equal(store.has(key("/dht/record/3")), true, "what was taken out made room");
});
