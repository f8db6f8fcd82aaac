/**
 * `skein wallet`: keys in bittensor's layout. Flags are named here; what each command does is loaded when it runs. Without
 * `--hotkey`, commands on one key mean the wallet's coldkey.
 */
import { Command } from "@commander-js/extra-typings";
import { takesYes } from "../command_group.ts";
import { oneOfFlag } from "../flags.ts";
import { processTerminal } from "../terminal.ts";
import { fundCommands } from "./fund_commands.ts";

const WALLET = ["--wallet <name>", "name of the wallet", "default"] as const;
const WALLET_PATH = [
  "--wallet-path <dir>",
  "where wallets are (default: BT_WALLET_PATH, else ~/.bittensor/wallets)",
] as const;
const NEW_HOTKEY = ["--hotkey <name>", "name of the hotkey", "default"] as const;
const HOTKEY = ["--hotkey <name>", "this hotkey instead of the coldkey"] as const;
const NO_PASSWORD = ["--no-password", "leave the coldkey unencrypted"] as const;
const ENCRYPT_HOTKEY = [
  "--encrypt-hotkey",
  "encrypt the hotkey, too; a node then needs the password",
  false,
] as const;
const WORD_COUNTS = ["12", "15", "18", "21", "24"] as const;
const WORDS = [
  "--words <n>",
  "words of a new mnemonic: 12 to 24",
  oneOfFlag(WORD_COUNTS),
  "12" as const,
] as const;
const SHOW_MNEMONIC = ["--show-mnemonic", "with --json: put the mnemonic into it", false] as const;
const SEED = ["--seed", "from a seed of 64 hexadecimal digits (or SKEIN_WALLET_SEED)", false] as const;
const JSON_FILE = [
  "--json-file <file>",
  "from an account exported by polkadot-js (its password: SKEIN_EXPORT_PASSWORD)",
] as const;
const MESSAGE = ["--message <text>", "the text (default: stdin)"] as const;
const JSON_FLAG = ["--json", "print one JSON object", false] as const;

const PASSWORD_HELP = `
Passwords are asked for, or taken from SKEIN_WALLET_PASSWORD, or from BT_PW_<PATH> as btwallet fills it.`;
const SECRET_HELP = `
The mnemonic is asked for, or taken from SKEIN_WALLET_MNEMONIC, or from stdin.${PASSWORD_HELP}`;

const wordCount = (words: string) => Number(words) as 12 | 15 | 18 | 21 | 24;

export const walletCommand = (finish: (code: number) => void) => {
  const commands = [
    ...creating(finish),
    ...regenerating(finish),
    ...looking(finish),
    ...signing(finish),
    ...fundCommands(finish),
  ];
  const group = new Command("wallet").description(
    "make, restore, list and use keys, in the files of bittensor's wallets",
  );
  for (const command of commands) {
    group.addCommand(
      takesYes(command as Command).exitOverride().showHelpAfterError("(see --help)").configureOutput({
        outputError: (text, write) => write(withoutValues(text)),
      }),
    );
  }
  return group;
};

/** Commander's complaints on arguments quote them, and what somebody passed by mistake may be a secret. */
export function withoutValues(complaint: string): string {
  return complaint.replace(/('--?[\w-]+)=[^']*'/, "$1=…'").replace(
    /( but got \d+)[^]*/,
    "$1; secrets are never arguments\n",
  );
}

function creating(finish: (code: number) => void) {
  const load = () => import("./create_keys.ts");
  const create = new Command("create").description("make a wallet: a new coldkey and a new hotkey")
    .option(...WALLET).option(...NEW_HOTKEY).option(...WALLET_PATH).option(...WORDS)
    .option(...NO_PASSWORD).option(...ENCRYPT_HOTKEY).option(...SHOW_MNEMONIC).option(...JSON_FLAG)
    .addHelpText("after", PASSWORD_HELP)
    .action(async (flags) => {
      const { createKeys } = await load();
      await createKeys(["coldkey", "hotkey"], { ...flags, words: wordCount(flags.words) }, processTerminal());
      finish(0);
    });
  const newColdkey = new Command("new-coldkey").description("make a new coldkey")
    .option(...WALLET).option(...WALLET_PATH).option(...WORDS)
    .option(...NO_PASSWORD).option(...SHOW_MNEMONIC).option(...JSON_FLAG)
    .addHelpText("after", PASSWORD_HELP)
    .action(async (flags) => {
      const { createKeys } = await load();
      await createKeys(["coldkey"], { ...flags, words: wordCount(flags.words) }, processTerminal());
      finish(0);
    });
  const newHotkey = new Command("new-hotkey").description("make a new hotkey in a wallet")
    .option(...WALLET).option(...NEW_HOTKEY).option(...WALLET_PATH).option(...WORDS)
    .option(...ENCRYPT_HOTKEY).option(...SHOW_MNEMONIC).option(...JSON_FLAG)
    .addHelpText("after", PASSWORD_HELP)
    .action(async (flags) => {
      const { createKeys } = await load();
      await createKeys(["hotkey"], { ...flags, words: wordCount(flags.words) }, processTerminal());
      finish(0);
    });
  return [create, newColdkey, newHotkey];
}

function regenerating(finish: (code: number) => void) {
  const load = () => import("./regenerate_key.ts");
  const regen = new Command("regen").description(
    "restore a coldkey, or with --hotkey a hotkey, from its mnemonic",
  )
    .option(...WALLET).option(...HOTKEY).option(...WALLET_PATH).option(...SEED).option(...JSON_FILE)
    .option(...NO_PASSWORD).option(...ENCRYPT_HOTKEY).option(...JSON_FLAG)
    .addHelpText("after", SECRET_HELP)
    .action(async (flags) => {
      const { regenerateKey } = await load();
      await regenerateKey(flags.hotkey === undefined ? "coldkey" : "hotkey", flags, processTerminal());
      finish(0);
    });
  const regenColdkey = new Command("regen-coldkey").description("restore a coldkey")
    .option(...WALLET).option(...WALLET_PATH).option(...SEED).option(...JSON_FILE)
    .option(...NO_PASSWORD).option(...JSON_FLAG)
    .addHelpText("after", SECRET_HELP)
    .action(async (flags) => {
      const { regenerateKey } = await load();
      await regenerateKey("coldkey", flags, processTerminal());
      finish(0);
    });
  const regenHotkey = new Command("regen-hotkey").description("restore a hotkey")
    .option(...WALLET).option(...NEW_HOTKEY).option(...WALLET_PATH).option(...SEED).option(...JSON_FILE)
    .option(...ENCRYPT_HOTKEY).option(...JSON_FLAG)
    .addHelpText("after", SECRET_HELP)
    .action(async (flags) => {
      const { regenerateKey } = await load();
      await regenerateKey("hotkey", flags, processTerminal());
      finish(0);
    });
  return [regen, regenColdkey, regenHotkey];
}

function looking(finish: (code: number) => void) {
  const list = new Command("list").description("list wallets and their keys; needs no password")
    .option(...WALLET_PATH).option(...JSON_FLAG)
    .action(async (flags) => {
      const { printWallets } = await import("./list_wallets.ts");
      await printWallets(flags, processTerminal());
      finish(0);
    });
  const show = new Command("show").description("show a wallet's addresses and files; needs no password")
    .option(...WALLET).option(...WALLET_PATH).option(...JSON_FLAG)
    .action(async (flags) => {
      const { printWallet } = await import("./list_wallets.ts");
      await printWallet(flags, processTerminal());
      finish(0);
    });
  const exporting = new Command("export").description(
    "show the mnemonic, seed and private key of a coldkey or hotkey",
  )
    .option(...WALLET).option(...HOTKEY).option(...WALLET_PATH)
    .option("--yes", "do not ask whether to show secrets", false).option(...JSON_FLAG)
    .addHelpText("after", PASSWORD_HELP)
    .action(async (flags) => {
      const { exportKey } = await import("./export_key.ts");
      await exportKey(flags, processTerminal());
      finish(0);
    });
  return [list, show, exporting];
}

function signing(finish: (code: number) => void) {
  const sign = new Command("sign").description("sign a text with a coldkey or hotkey; prints the signature")
    .option(...WALLET).option(...HOTKEY).option(...WALLET_PATH).option(...MESSAGE).option(...JSON_FLAG)
    .addHelpText("after", PASSWORD_HELP)
    .action(async (flags) => {
      const { signMessage } = await import("./sign_message.ts");
      await signMessage(flags, processTerminal());
      finish(0);
    });
  const verify = new Command("verify").description("check a signature; exits 1 when it is bad")
    .option(...WALLET).option(...HOTKEY).option(...WALLET_PATH)
    .option("--address <ss58>", "who should have signed (default: the wallet's key)")
    .requiredOption("--signature <hex>", "the signature").option(...MESSAGE).option(...JSON_FLAG)
    .action(async (flags) => {
      const { verifyMessage } = await import("./sign_message.ts");
      finish(await verifyMessage(flags, processTerminal()) ? 0 : 1);
    });
  return [sign, verify];
}
