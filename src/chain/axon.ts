/** Where a neuron can be reached, as `serve_axon` takes it. */
import type { AxonCall } from "./calls.ts";
import { chainError } from "./errors.ts";
import { parseIp4, parseIp6 } from "./ip_address.ts";

export interface AxonAddress {
  /** IPv4 or IPv6 in text. */
  readonly ip: string;
  readonly port: number;
  /** 4 (TCP) by default. */
  readonly protocol?: number;
  readonly version?: number;
}

const TCP = 4;

/**
 * @param options.isLocal a chain of this machine takes loopback addresses
 * @throws {SkeinError} `chain/bad-address` for what the runtime would refuse
 */
export function axonCall(axon: AxonAddress, options: { isLocal: boolean }): AxonCall {
  const { ip, port, protocol = TCP, version = 1 } = axon;
  const bytes = parseIp4(ip) ?? parseIp6(ip);
  if (bytes === undefined) throw badAddress(axon, "an IPv4 or IPv6 address is required");
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw badAddress(axon, "a port from 1 to 65535 is required");
  }
  const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const ipType = bytes.byteLength === 4 ? 4 : 6;
  const isLoopback = ipType === 4 ? bytes[0] === 127 : value === 1n;
  if (value === 0n || bytes.every((byte) => byte === 255)) {
    throw badAddress(axon, "the address of one machine is required");
  }
  if (isLoopback && !options.isLocal) throw badAddress(axon, "one that others can reach is required");
  return { ip: value, ipType, port, protocol, version };
}

function badAddress({ ip, port }: AxonAddress, required: string): Error {
  return chainError("chain/bad-address", `serve axon at ${ip} port ${port}: ${required}`, { ip, port });
}
