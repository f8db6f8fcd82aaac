/** IP addresses between text and network-order bytes (4 or 16). */

/** @returns undefined on anything but dotted decimal without leading zeros */
export function parseIp4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    if (!/^(0|[1-9]\d{0,2})$/.test(parts[i]) || Number(parts[i]) > 255) return undefined;
    bytes[i] = Number(parts[i]);
  }
  return bytes;
}

/** The platform's URL parser knows every spelling of IPv6 and answers in the canonical one. */
export function parseIp6(text: string): Uint8Array | undefined {
  if (!/^[0-9a-fA-F:.]{2,45}$/.test(text)) return undefined;
  let canonical: string;
  try {
    canonical = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  } catch {
    return undefined;
  }
  const [head, tail] = canonical.split("::").map((side) => side.split(":").filter((group) => group !== ""));
  const gap = tail === undefined ? [] : new Array<string>(8 - head.length - tail.length).fill("0");
  const groups = [...head, ...gap, ...(tail ?? [])];
  const bytes = new Uint8Array(16);
  groups.forEach((group, i) => {
    const value = parseInt(group, 16);
    bytes[2 * i] = value >> 8;
    bytes[2 * i + 1] = value & 0xff;
  });
  return bytes;
}

/** @param bytes 4 or 16 */
export function formatIp(bytes: Uint8Array): string {
  if (bytes.byteLength === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] << 8) | bytes[2 * i + 1]).toString(16));
  return new URL(`http://[${groups.join(":")}]/`).hostname.slice(1, -1);
}

/** The integer form that axons have on chain. */
export function formatIpInteger(value: bigint, ipType: 4 | 6): string {
  const bytes = new Uint8Array(ipType === 4 ? 4 : 16);
  for (let i = bytes.byteLength - 1, rest = value; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return formatIp(bytes);
}
