/** Public networks by the names that operators know, and their public endpoints. */
const NETWORKS: Readonly<Record<string, string>> = {
  finney: "wss://entrypoint-finney.opentensor.ai:443",
  test: "wss://test.finney.opentensor.ai:443",
  archive: "wss://archive.chain.opentensor.ai:443",
};

export const NETWORK_NAMES = Object.keys(NETWORKS);

/** @returns undefined for what is no network's name */
export function networkUrl(name: string): string | undefined {
  return Object.hasOwn(NETWORKS, name) ? NETWORKS[name] : undefined;
}

/**
 * An endpoint's address as logs and messages may have it: providers sell access by keys in the user's name, path or query.
 * A plain one is shown as it was given.
 */
export function shownUrl(address: string): string {
  if (!URL.canParse(address)) return address;
  const { protocol, host, username, password, pathname, search, hash } = new URL(address);
  const isPlain = username + password + search + hash === "" && /^\/?$/.test(pathname);
  return isPlain ? address : `${protocol}//${host}/…`;
}

/** Whether every endpoint of a list is on this machine. @param urls as `ChainClient.url` gives them */
export function isOnThisMachine(urls: string): boolean {
  return urls.split(", ").every((url) => {
    const { hostname } = new URL(url);
    return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
  });
}
