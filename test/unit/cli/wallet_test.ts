import { strict as assert } from "node:assert";
import { join } from "node:path";
import process from "node:process";
import { isSkeinError } from "../../../src/base/errors.ts";
import { main } from "../../../src/cli/main.ts";
import type { Terminal } from "../../../src/cli/terminal.ts";
import { createKeys } from "../../../src/cli/wallet/create_keys.ts";
import { exportKey } from "../../../src/cli/wallet/export_key.ts";
import { printWallet, printWallets } from "../../../src/cli/wallet/list_wallets.ts";
import { newPasswordFor } from "../../../src/cli/wallet/new_password.ts";
import { regenerateKey } from "../../../src/cli/wallet/regenerate_key.ts";
import { signMessage, verifyMessage } from "../../../src/cli/wallet/sign_message.ts";

/** Substrate's published development phrase, its seed, and its account. */
const DEV_PHRASE = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
const DEV_SEED = "fac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e";
const DEV_SS58 = "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV";
const GOOD_PASSWORD = "correct horse battery staple";

class ScriptedTerminal implements Terminal {
  readonly environment: Record<string, string>;
  readonly printed: string[] = [];
  readonly told: string[] = [];
  readonly asked: string[] = [];
  readonly ask?: (question: string) => Promise<string>;
  readonly confirm?: (question: string) => Promise<boolean>;
  readonly #piped: string;

  constructor(
    script: { environment?: Record<string, string>; answers?: string[]; confirms?: boolean; piped?: string } =
      {},
  ) {
    this.environment = script.environment ?? {};
    this.#piped = script.piped ?? "";
    const { answers, confirms } = script;
    if (answers !== undefined) {
      this.ask = async (question) => {
        this.asked.push(question);
        return answers.shift() ?? assert.fail(`no answer left for: ${question}`);
      };
    }
    if (confirms !== undefined) this.confirm = async () => confirms;
  }

  readPiped = async () => this.#piped;
  print = (text: string) => void this.printed.push(text);
  tell = (text: string) => void this.told.push(text);
  tellDuring = <T>(text: string, work: () => Promise<T>) => {
    this.tell(text);
    return work();
  };
  get json() {
    assert.equal(this.printed.length, 1);
    return JSON.parse(this.printed[0]);
  }
  get everything() {
    return [...this.printed, ...this.told, ...this.asked].join("\n");
  }
}

async function inWallets(body: (walletPath: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(join(directory, "wallets"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const rejectsWith = (code: string, promise: Promise<unknown>) =>
  assert.rejects(promise, (error) => isSkeinError(error, code) && !error.message.includes("bottom"));

const create = (walletPath: string, more: Partial<Parameters<typeof createKeys>[1]> = {}) => ({
  ...{ wallet: "w", hotkey: "h", walletPath, words: 12 as const, password: false, json: false },
  ...more,
});

Deno.test("create shows each mnemonic once, and JSON holds them only when asked", () =>
  inWallets(async (walletPath) => {
    const terminal = new ScriptedTerminal();
    await createKeys(["coldkey", "hotkey"], create(walletPath, { words: 24 }), terminal);
    const [coldkey, hotkey] = terminal.printed;
    for (const text of [coldkey, hotkey]) {
      assert.match(text, /Write these words down[^]*\n {4}([a-z]+ ){23}[a-z]+\n/);
    }

    const silent = new ScriptedTerminal();
    await createKeys(["hotkey"], create(walletPath, { hotkey: "silent", json: true }), silent);
    assert.deepEqual(Object.keys(silent.json.hotkey), ["ss58", "path"]);

    const showing = new ScriptedTerminal();
    const flags = create(walletPath, { hotkey: "showing", json: true, showMnemonic: true });
    await createKeys(["hotkey"], flags, showing);
    assert.equal(showing.json.hotkey.mnemonic.split(" ").length, 12);
  }));

Deno.test("create writes nothing when one of its keys is there", () =>
  inWallets(async (walletPath) => {
    await createKeys(["hotkey"], create(walletPath), new ScriptedTerminal());
    await rejectsWith(
      "chain/key-exists",
      createKeys(["coldkey", "hotkey"], create(walletPath), new ScriptedTerminal()),
    );
    const list = new ScriptedTerminal();
    await printWallets({ walletPath, json: true }, list);
    assert.equal(list.json.wallets[0].coldkey.form, "missing");
  }));

Deno.test("a coldkey without a password, a terminal or --no-password is not made", () =>
  inWallets(async (walletPath) => {
    const flags = create(walletPath, { password: true });
    await rejectsWith("cli/no-terminal", createKeys(["coldkey"], flags, new ScriptedTerminal()));
    const terminal = new ScriptedTerminal({ environment: { SKEIN_WALLET_PASSWORD: "short" } });
    await rejectsWith("chain/weak-password", createKeys(["coldkey"], flags, terminal));
    await assert.rejects(Deno.stat(walletPath));
  }));

Deno.test("a new password is typed twice, again when the two differ or it is too short", async () => {
  const answers = ["short", GOOD_PASSWORD, "another", GOOD_PASSWORD, GOOD_PASSWORD];
  const terminal = new ScriptedTerminal({ answers });
  assert.equal(await newPasswordFor("/k", terminal, ""), GOOD_PASSWORD);
  assert.equal(answers.length, 0);
  assert.ok(!terminal.everything.includes(GOOD_PASSWORD));
  const never = new ScriptedTerminal({
    answers: Array.from({ length: 10 }, (_, i) => `${GOOD_PASSWORD} ${i}`),
  });
  await rejectsWith("cli/passwords-differ", newPasswordFor("/k", never, ""));
});

Deno.test("a weak password from the environment is warned of and not shown", async () => {
  const terminal = new ScriptedTerminal({ environment: { SKEIN_WALLET_PASSWORD: "password1" } });
  assert.equal(await newPasswordFor("/k", terminal, ""), "password1");
  assert.ok(
    terminal.told.some((line) => line.startsWith("warning: ")) && !terminal.everything.includes("password1"),
  );
});

Deno.test("a key is restored from a mnemonic or a seed, by variable, question or pipe, and never shown", () =>
  inWallets(async (walletPath) => {
    const sources: [{ seed?: boolean }, ConstructorParameters<typeof ScriptedTerminal>[0]][] = [
      [{}, { environment: { SKEIN_WALLET_MNEMONIC: DEV_PHRASE } }],
      [{}, { answers: [DEV_PHRASE] }],
      [{}, { piped: `${DEV_PHRASE}\n` }],
      [{ seed: true }, { environment: { SKEIN_WALLET_SEED: `0x${DEV_SEED}` } }],
      [{ seed: true }, { answers: [DEV_SEED] }],
    ];
    for (const [i, [flags, script]] of sources.entries()) {
      const terminal = new ScriptedTerminal(script);
      await regenerateKey(
        "hotkey",
        { wallet: "w", hotkey: `h${i}`, walletPath, json: true, ...flags },
        terminal,
      );
      assert.equal(terminal.json.hotkey.ss58, DEV_SS58);
      assert.ok(!terminal.everything.includes("bottom") && !terminal.everything.includes(DEV_SEED));
    }
    const flags = { wallet: "w", walletPath, password: false, json: true };
    await rejectsWith("cli/no-terminal", regenerateKey("coldkey", flags, new ScriptedTerminal()));
    const mistyped = new ScriptedTerminal({ answers: [DEV_PHRASE.replace("walk", "fit")] });
    await rejectsWith("chain/bad-secret", regenerateKey("coldkey", flags, mistyped));
    const both = { ...flags, seed: true, jsonFile: "f" };
    await rejectsWith("cli/bad-flags", regenerateKey("coldkey", both, new ScriptedTerminal()));
  }));

Deno.test("a key is not restored beside the public part of another, but beside its own", () =>
  inWallets(async (walletPath) => {
    const flags = { wallet: "w", hotkey: "h", walletPath, json: true };
    const terminal = () => new ScriptedTerminal({ environment: { SKEIN_WALLET_MNEMONIC: DEV_PHRASE } });
    await createKeys(["hotkey"], create(walletPath), new ScriptedTerminal());
    await Deno.remove(join(walletPath, "w", "hotkeys", "h"));
    await rejectsWith("chain/key-exists", regenerateKey("hotkey", flags, terminal()));
    await regenerateKey("hotkey", { ...flags, hotkey: "own" }, terminal());
    await Deno.remove(join(walletPath, "w", "hotkeys", "own"));
    await regenerateKey("hotkey", { ...flags, hotkey: "own" }, terminal());
  }));

Deno.test("list and show tell addresses and no secrets", () =>
  inWallets(async (walletPath) => {
    const environment = { SKEIN_WALLET_MNEMONIC: DEV_PHRASE };
    const flags = { wallet: "w", walletPath, password: false, json: false };
    await regenerateKey("coldkey", flags, new ScriptedTerminal({ environment }));
    const terminal = new ScriptedTerminal();
    for (const json of [false, true]) {
      await printWallets({ walletPath, json }, terminal);
      await printWallet({ wallet: "w", walletPath, json }, terminal);
    }
    assert.equal(terminal.printed.length, 4);
    for (const text of terminal.printed) assert.ok(text.includes(DEV_SS58) && !text.includes("bottom"), text);
    await rejectsWith("chain/key-missing", printWallet({ wallet: "none", walletPath, json: true }, terminal));
  }));

Deno.test("export shows secrets after a confirmation only", () =>
  inWallets(async (walletPath) => {
    const environment = { SKEIN_WALLET_MNEMONIC: DEV_PHRASE };
    const place = { wallet: "w", walletPath };
    await regenerateKey(
      "coldkey",
      { ...place, password: false, json: true },
      new ScriptedTerminal({ environment }),
    );
    const flags = { ...place, yes: false, json: false };
    await rejectsWith("cli/no-terminal", exportKey(flags, new ScriptedTerminal()));
    const refusing = new ScriptedTerminal({ confirms: false });
    await rejectsWith("cli/cancelled", exportKey(flags, refusing));
    assert.ok(!refusing.everything.includes("bottom"));
    const terminal = new ScriptedTerminal();
    await exportKey({ ...flags, yes: true, json: true }, terminal);
    assert.deepEqual([terminal.json.mnemonic, terminal.json.seed], [DEV_PHRASE, `0x${DEV_SEED}`]);
  }));

Deno.test("a signature verifies by address or wallet, wrapped ones too, and a bad one is called bad", () =>
  inWallets(async (walletPath) => {
    await createKeys(["hotkey"], create(walletPath), new ScriptedTerminal());
    const flags = { wallet: "w", hotkey: "h", walletPath, json: true };
    const sign = async (message: string) => {
      const terminal = new ScriptedTerminal();
      await signMessage({ ...flags, message }, terminal);
      return terminal.json as { ss58: string; signature: string };
    };
    const { ss58, signature } = await sign("text");
    const verify = (message: string, by: string, more: { address?: string } = {}) =>
      verifyMessage({ ...flags, ...more, message, signature: by }, new ScriptedTerminal());
    assert.ok(await verify("text", signature));
    assert.ok(await verify("text", signature, { address: ss58 }));
    assert.ok(await verify("text", (await sign("<Bytes>text</Bytes>")).signature));
    assert.ok(!await verify("test", signature));
    assert.ok(!await verify("text", signature, { address: DEV_SS58 }));
    await rejectsWith("cli/bad-flags", verify("text", "0x12"));
    await rejectsWith("chain/bad-address", verify("text", signature, { address: "5Nonsense" }));
    await rejectsWith("cli/bad-flags", signMessage(flags, new ScriptedTerminal()));
    const piped = new ScriptedTerminal({ piped: "text\n" });
    assert.ok(await verifyMessage({ ...flags, signature }, piped));
  }));

Deno.test("the command line takes no secret as an argument, and does not repeat one that was passed by mistake", async () => {
  const complaints: string[] = [];
  const { write } = process.stderr;
  process.stderr.write = (text: string | Uint8Array) => complaints.push(String(text)) > 0;
  const attempts = [
    ["--mnemonic", DEV_PHRASE],
    [`--mnemonic=${DEV_PHRASE}`],
    ["--seed", DEV_SEED],
    [DEV_PHRASE],
    ["--seed", ...DEV_PHRASE.split(" ")],
  ];
  try {
    for (const args of attempts) assert.equal(await main(["wallet", "regen", ...args]), 2, args[0]);
  } finally {
    process.stderr.write = write;
  }
  assert.ok(complaints.length >= attempts.length);
  assert.doesNotMatch(complaints.join(""), /bottom|drive|walk|fac7959d/);
});
