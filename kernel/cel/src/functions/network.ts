import { isIPv4, isIPv6 } from "node:net";

import { EvaluationError, type Environment } from "@marcbachmann/cel-js";

/** Kubernetes' `ip` and `cidr` libraries. As there: no zones, no IPv4 inside IPv6, no leading zeros. */
export function registerNetwork(environment: Environment): void {
  const add = (signature: string, run: (...args: any[]) => unknown): void => void environment.registerFunction(signature, run, SYNC);
  environment.registerType(IP, Address).registerType(CIDR, Prefix);
  environment.registerType("IpNamespace", IpNamespace).registerConstant("ip", "IpNamespace", new IpNamespace());
  environment.registerOperator(`${IP} == ${IP}`, (a: Address, b: Address) => a.bits === b.bits && a.value === b.value);
  environment.registerOperator(
    `${CIDR} == ${CIDR}`,
    (a: Prefix, b: Prefix) => a.length === b.length && a.address.bits === b.address.bits && a.address.value === b.address.value,
  );
  add(`ip(string): ${IP}`, addressOrThrow);
  add("isIP(string): bool", (text: string) => parseAddress(text) !== undefined);
  add("IpNamespace.isCanonical(string): bool", (_: IpNamespace, text: string) => formatAddress(addressOrThrow(text)) === text);
  add(`string(${IP}): string`, formatAddress);
  add(`${IP}.family(): int`, ({ bits }: Address) => (bits === 32 ? 4n : 6n));
  add(`${IP}.isUnspecified(): bool`, ({ value }: Address) => value === 0n);
  add(`${IP}.isLoopback(): bool`, isLoopback);
  add(`${IP}.isLinkLocalMulticast(): bool`, isLinkLocalMulticast);
  add(`${IP}.isLinkLocalUnicast(): bool`, isLinkLocalUnicast);
  add(`${IP}.isGlobalUnicast(): bool`, isGlobalUnicast);
  add(`cidr(string): ${CIDR}`, prefixOrThrow);
  add("isCIDR(string): bool", (text: string) => parsePrefix(text) !== undefined);
  add(`string(${CIDR}): string`, ({ address, length }: Prefix) => `${formatAddress(address)}/${length}`);
  add(`${CIDR}.containsIP(string): bool`, (prefix: Prefix, text: string) => holds(prefix, addressOrThrow(text)));
  add(`${CIDR}.containsIP(${IP}): bool`, holds);
  add(`${CIDR}.containsCIDR(string): bool`, (prefix: Prefix, text: string) => holdsPrefix(prefix, prefixOrThrow(text)));
  add(`${CIDR}.containsCIDR(${CIDR}): bool`, holdsPrefix);
  add(`${CIDR}.ip(): ${IP}`, ({ address }: Prefix) => address);
  add(`${CIDR}.masked(): ${CIDR}`, (prefix: Prefix) => new Prefix(masked(prefix.address, prefix.length), prefix.length));
  add(`${CIDR}.prefixLength(): int`, ({ length }: Prefix) => BigInt(length));
}

const SYNC = { async: false } as never;
const IP = "net.IP";
const CIDR = "net.CIDR";

class IpNamespace {}

class Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
  constructor(bits: 32 | 128, value: bigint) {
    this.bits = bits;
    this.value = value;
  }
}

class Prefix {
  readonly address: Address;
  readonly length: number;
  constructor(address: Address, length: number) {
    this.address = address;
    this.length = length;
  }
}

function parseAddress(text: string): Address | undefined {
  if (isIPv4(text))
    return new Address(
      32,
      text.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n),
    );
  if (!isIPv6(text) || text.includes("%") || text.includes(".")) return undefined;
  const [head = "", tail] = text.split("::");
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const [before, after] = [groups(head), groups(tail ?? "")];
  const middle = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => "0");
  const value = [...before, ...middle, ...after].reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
  // ::ffff:0:0/96 is IPv4 in another coat.
  return value >> 32n === 0xffffn ? undefined : new Address(128, value);
}

function parsePrefix(text: string): Prefix | undefined {
  const match = /^([^/]+)\/(\d|[1-9]\d{1,2})$/.exec(text);
  const address = match?.[1] === undefined ? undefined : parseAddress(match[1]);
  if (!address || Number(match?.[2]) > address.bits) return undefined;
  return new Prefix(address, Number(match?.[2]));
}

function addressOrThrow(text: string): Address {
  const address = parseAddress(text);
  if (!address) throw new EvaluationError({ code: "invalid_ip", message: `"${text}" is not an IP address` });
  return address;
}

function prefixOrThrow(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (!prefix) throw new EvaluationError({ code: "invalid_cidr", message: `"${text}" is not a network in CIDR notation` });
  return prefix;
}

/** IPv4 in dots; IPv6 as RFC 5952 wants it, which is what WHATWG URLs make of it. */
function formatAddress({ bits, value }: Address): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join(".");
  const groups = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - i * 16)) & 0xffffn).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

function masked({ bits, value }: Address, length: number): Address {
  const free = BigInt(bits - length);
  return new Address(bits, (value >> free) << free);
}

function holds({ address, length }: Prefix, other: Address): boolean {
  return address.bits === other.bits && masked(address, length).value === masked(other, length).value;
}

function holdsPrefix(prefix: Prefix, other: Prefix): boolean {
  return prefix.length <= other.length && holds(prefix, other.address);
}

const range = (text: string): Prefix => prefixOrThrow(text);
const [LOOPBACK_4, LOOPBACK_6] = [range("127.0.0.0/8"), range("::1/128")];
const [LINK_4, LINK_6] = [range("169.254.0.0/16"), range("fe80::/10")];
const [LINK_MULTICAST_4, MULTICAST_4, MULTICAST_6] = [range("224.0.0.0/24"), range("224.0.0.0/4"), range("ff00::/8")];
const BROADCAST = 0xffffffffn;

function isLoopback(address: Address): boolean {
  return holds(LOOPBACK_4, address) || holds(LOOPBACK_6, address);
}

function isLinkLocalUnicast(address: Address): boolean {
  return holds(LINK_4, address) || holds(LINK_6, address);
}

function isLinkLocalMulticast(address: Address): boolean {
  return holds(LINK_MULTICAST_4, address) || (holds(MULTICAST_6, address) && ((address.value >> 112n) & 0xfn) === 2n);
}

function isGlobalUnicast(address: Address): boolean {
  const special = isLoopback(address) || isLinkLocalUnicast(address) || holds(MULTICAST_4, address) || holds(MULTICAST_6, address);
  return address.value !== 0n && !special && !(address.bits === 32 && address.value === BROADCAST);
}
