/** The password of a key that is being made: from the environment, or typed twice. */
import { isSkeinError } from "../../base/errors.ts";
import {
  judgePassword,
  PASSWORD_VARIABLE,
  passwordInEnvironment,
  passwordVariableOf,
} from "../../chain/wallet/key_password.ts";
import { cliError } from "../errors.ts";
import type { Terminal } from "../terminal.ts";

const ATTEMPTS = 5;

/** @throws {SkeinError} `cli/no-terminal`, `cli/passwords-differ`, `chain/weak-password` */
export async function newPasswordFor(
  path: string,
  terminal: Terminal,
  howToDoWithout: string,
): Promise<string> {
  const found = passwordInEnvironment(path, terminal.environment);
  if (found !== undefined) {
    warn(found.password, terminal);
    terminal.tell(`${path} is encrypted with the password in ${found.variable}`);
    return found.password;
  }
  const { ask } = terminal;
  if (ask === undefined) {
    throw cliError(
      "cli/no-terminal",
      `choose a password for ${path}: there is no terminal to ask at, set ${PASSWORD_VARIABLE} (or ` +
        `${passwordVariableOf(path)} as btwallet does), or keep the key unencrypted ${howToDoWithout}`,
    );
  }
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const password = await ask(`New password for ${path}`);
    try {
      warn(password, terminal);
    } catch (error) {
      if (!isSkeinError(error, "chain/weak-password") || attempt === ATTEMPTS) throw error;
      terminal.tell(error.message);
      continue;
    }
    if (await ask("The same again") === password) return password;
    terminal.tell("the two differ, once more from the start");
  }
  throw cliError(
    "cli/passwords-differ",
    `choose a password for ${path}: the two entries differ, the same is required`,
  );
}

function warn(password: string, { tell }: Terminal): void {
  const warning = judgePassword(password);
  if (warning !== undefined) tell(`warning: ${warning}`);
}
