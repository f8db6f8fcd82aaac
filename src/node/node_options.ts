/** What the command line says about one node. */
export interface NodeOptions {
  readonly role: "miner" | "validator";
  /** "local", or a WebSocket address. */
  readonly chain: string;
  readonly netuid: number;
  readonly preset: string;
  readonly codec: string;
  readonly data?: string;
  readonly home?: string;
  readonly wallet?: string;
  readonly hotkey: string;
  readonly walletPath?: string;
  /** host:port */
  readonly listen: string;
  readonly peers: readonly string[];
  readonly waitFor: number;
  readonly rounds?: number;
}
