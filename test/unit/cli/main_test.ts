import { strict as assert } from "node:assert";
import { main } from "../../../src/cli/main.ts";

/** @returns the exit code, and what was complained of */
async function run(...args: string[]): Promise<{ code: number; said: string }> {
  const said: string[] = [];
  const { error } = console;
  console.error = (...parts: unknown[]) => void said.push(parts.join(" "));
  try {
    return { code: await main(args), said: said.join("\n") };
  } finally {
    console.error = error;
  }
}

Deno.test("arguments that are wrong in themselves end with 2, whoever finds it", async () => {
  const signed = [
    "wallet",
    "verify",
    "--address",
    "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
    "--message",
    "m",
  ];
  const short = await run(...signed, "--signature", "0xzz");
  assert.match(short.said, /cli\/bad-flags/);
  assert.equal(short.code, 2);
  const nobody = await run(...signed.with(3, "nobody"), "--signature", `0x${"00".repeat(64)}`);
  assert.match(nobody.said, /chain\/bad-address/);
  assert.equal(nobody.code, 2);
});
