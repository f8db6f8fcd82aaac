/** The self-extracting file around a small payload: a script in the place of Deno says what it was started with. */
import { strict as assert } from "node:assert";
import { writeSelfExtracting } from "../../../scripts/self_extracting.ts";

const FAKE_DENO =
  `#!/bin/sh\nfor a in "$@"; do printf '[%s]' "$a"; done\necho\necho "$DENO_DIR" >&2\nexit 3\n`;

interface Built {
  readonly file: string;
  readonly directory: string;
  run(env: Record<string, string>): Promise<{ code: number; stdout: string; stderr: string }>;
}

async function withBuilt(body: (built: Built) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "skein head " });
  const file = `${directory}/skein`;
  try {
    await Deno.mkdir(`${directory}/tree/bin`, { recursive: true });
    await Deno.mkdir(`${directory}/tree/program`);
    await Deno.writeTextFile(`${directory}/tree/bin/deno`, FAKE_DENO, { mode: 0o755 });
    await writeSelfExtracting(`${directory}/tree`, file, "9.9.9");
    await body({
      file,
      directory,
      run: async (env) => {
        const command = new Deno.Command(file, {
          args: ["chain", "a b", ""],
          clearEnv: true,
          env: { PATH: "/usr/bin:/bin", ...env },
        });
        const { code, stdout, stderr } = await command.output();
        const decoder = new TextDecoder();
        return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
      },
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const isPosix = Deno.build.os !== "windows";

Deno.test({
  name: "the file unpacks once, passes arguments and exit code on, and keeps stdout clean",
  ignore: !isPosix,
  fn: () =>
    withBuilt(async ({ directory, run }) => {
      const first = await run({ HOME: directory });
      assert.equal(first.code, 3);
      assert.match(first.stdout, /^\[run\]\[-A\].*cli\.js\]\[chain\]\[a b\]\[\]\n$/);
      assert.match(first.stderr, /unpacking/);
      const second = await run({ HOME: directory });
      assert.equal(second.stdout, first.stdout);
      assert.doesNotMatch(second.stderr, /unpacking/);
    }),
});

Deno.test({
  name: "several first starts at once leave one complete copy",
  ignore: !isPosix,
  fn: () =>
    withBuilt(async ({ directory, run }) => {
      const runs = await Promise.all([1, 2, 3, 4].map(() => run({ HOME: directory })));
      for (const { code, stdout } of runs) assert.deepEqual([code, stdout], [3, runs[0].stdout]);
      const kept = [...Deno.readDirSync(`${directory}/.cache/skein`)].map(({ name }) => name);
      assert.equal(kept.length, 1, kept.join(" "));
      const inside = [...Deno.readDirSync(`${directory}/.cache/skein/${kept[0]}`)].map(({ name }) => name);
      assert.deepEqual(inside.sort(), ["bin", "program"]);
    }),
});

Deno.test({
  name: "without a home it unpacks into the temporary directory, and Deno's cache goes there too",
  ignore: !isPosix,
  fn: () =>
    withBuilt(async ({ directory, run }) => {
      await Deno.mkdir(`${directory}/tmp`);
      const { code, stdout, stderr } = await run({ TMPDIR: `${directory}/tmp` });
      assert.equal(code, 3);
      assert.ok(stdout.includes(`${directory}/tmp/skein-`), stdout);
      assert.match(stderr, /\/tmp\/skein-\d+\/deno\n/);
    }),
});

Deno.test({
  name: "a damaged file is refused before anything of it runs",
  ignore: !isPosix,
  fn: () =>
    withBuilt(async ({ directory, file, run }) => {
      const bytes = await Deno.readFile(file);
      bytes[bytes.length - 20] ^= 1;
      await Deno.writeFile(file, bytes);
      const { code, stdout, stderr } = await run({ HOME: directory });
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, /copy it again/);
    }),
});
