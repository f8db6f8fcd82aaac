import assert from "node:assert/strict";
import { countSeconds } from "../../../src/cli/terminal.ts";
import { VirtualClock } from "../../simulation/virtual_clock.ts";

Deno.test("what takes long is told with its seconds, on one line that ends", async () => {
  const clock = new VirtualClock();
  const written: string[] = [];
  const write = (text: string) => void written.push(text);
  const work = countSeconds("opening", () => clock.sleep(2500), clock, write);
  await clock.advance(() => false, clock.nowMs() + 5000);
  await work;
  assert.equal(written.join(""), "opening\n\r  1 s\r  2 s\n");
  await assert.rejects(countSeconds("brief", () => Promise.reject(new Error("no")), clock, write), /no/);
  assert.equal(written.at(-1), "brief\n");
});
