/** What the documents say of the commands is what the program takes. */
import { strict as assert } from "node:assert";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { programOf } from "../../../src/cli/main.ts";
import { commandLines, commandNamed, leavesOf, mentions, wordsOf } from "./documented_commands.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
const documents = ["README.md", ...[...Deno.readDirSync(`${ROOT}docs`)].map(({ name }) => `docs/${name}`)]
  .filter((path) => path.endsWith(".md")).sort()
  .map((path) => ({ path, text: Deno.readTextFileSync(`${ROOT}${path}`) }));

/** The program with commands that do nothing. */
function idleProgram(): CommandUnknownOpts {
  const program = programOf(() => {});
  for (const { command } of leavesOf(program)) {
    command.action(() => {}).configureOutput({ writeErr: () => {}, writeOut: () => {} });
  }
  return program;
}

for (const { path, text } of documents.filter(({ text }) => commandLines(text).length > 0)) {
  Deno.test(`each command that ${path} shows is one that the program takes`, async () => {
    for (const line of commandLines(text)) {
      await idleProgram().parseAsync(wordsOf(line), { from: "user" }).catch((error) => {
        assert.fail(`${path}: skein ${line}: ${error.message}`);
      });
    }
  });
}

Deno.test("each command and flag that a document mentions exists", () => {
  const program = programOf(() => {});
  for (const { path, text } of documents) {
    for (const mention of mentions(text)) {
      const words = wordsOf(mention.replaceAll("\\|", "|")).map((word) => word.split("|")[0]);
      const command = commandNamed(program, words);
      assert.notEqual(command, program, `${path}: skein ${mention}`);
      const known = command.options.flatMap(({ long, short }) => [long, short]);
      for (const flag of words.filter((word) => /^--?[a-z]/.test(word))) {
        assert.ok(
          known.includes(flag.split("=")[0]) || flag === "--help",
          `${path}: skein ${mention}: ${flag}`,
        );
      }
    }
  }
});

Deno.test("docs/chain.md names every command on keys and the chain, and every flag of theirs", () => {
  const { text } = documents.find(({ path }) => path === "docs/chain.md")!;
  const groups = /^(chain|wallet|subnet|metagraph|stake|delegate|children|root|weights|axon|commitment)\b/;
  const lines = commandLines(text).map((line) => ` ${line} `);
  const missing: string[] = [];
  for (const { path, command } of leavesOf(programOf(() => {})).filter(({ path }) => groups.test(path))) {
    if (!lines.some((line) => line.startsWith(` ${path} `))) missing.push(`skein ${path}`);
    for (const { long, hidden } of command.options) {
      if (!hidden && !new RegExp(`${long}(?![\\w-])`).test(text)) missing.push(`skein ${path} ${long}`);
    }
  }
  assert.deepEqual(missing, []);
});

Deno.test("command lines are found in documents", () => {
  const text =
    '```sh\n./skein up # all\nskein a b "c d" && skein e\ndeno task miner --x\ndeno task ok\n```\nand `skein f --g`';
  assert.deepEqual(commandLines(text), ["up", 'a b "c d"', "e", "miner --x"]);
  assert.deepEqual(mentions(text), ["f --g"]);
  assert.deepEqual(wordsOf('a "b c" d'), ["a", "b c", "d"]);
});
