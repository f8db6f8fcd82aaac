/** What libraries say does not come between the lines of `--json`. */
import assert from "node:assert/strict";

Deno.test("our lines go to stdout, a library's to stderr", async () => {
  const module = new URL("../../../src/cli/stdout.ts", import.meta.url).href;
  const code = `import { keepStdoutOurs, printLine } from ${JSON.stringify(module)};
    console.log("before");
    keepStdoutOurs();
    printLine('{"event":"ours"}');
    console.log("theirs"); console.info("news"); console.debug("detail"); console.warn("warning");`;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", code],
    clearEnv: true,
    env: { HOME: Deno.env.get("HOME") ?? "/", NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim().split("\n");
  assert.ok(success, text(stderr).join("\n"));
  assert.deepEqual(text(stdout), ["before", '{"event":"ours"}']);
  assert.deepEqual(text(stderr), ["theirs", "news", "detail", "warning"]);
});
