/** The environment of processes that we start: ours, without the secrets of wallets, which none of them needs. */

const SECRET = /^(SKEIN_WALLET_(PASSWORD|MNEMONIC|SEED)|SKEIN_EXPORT_PASSWORD|BT_PW_.*)$/i;

/** For `Deno.Command` with `clearEnv`. */
export function childEnvironment(own: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(own).filter(([name]) => !SECRET.test(name)));
}
