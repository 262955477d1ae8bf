import { BlockList, isIP } from "node:net";

const blocked = new BlockList();
for (const [network, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const)
  blocked.addSubnet(network, bits, "ipv4");
for (const [network, bits] of [
  ["::", 128],
  ["::1", 128],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
] as const)
  blocked.addSubnet(network, bits, "ipv6");

/** Where clouds answer with credentials, and what is no single machine: nobody has a system of record there. */
const never = new BlockList();
for (const [network, bits] of [
  ["0.0.0.0", 8],
  ["100.100.100.200", 32],
  ["169.254.0.0", 16],
  ["192.0.0.192", 32],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const)
  never.addSubnet(network, bits, "ipv4");
for (const [network, bits] of [
  ["::", 128],
  ["fd00:ec2::254", 128],
  ["fe80::", 10],
  ["ff00::", 8],
] as const)
  never.addSubnet(network, bits, "ipv6");

/** Whether an address is one that nobody may allow: link-local, which is where clouds keep their metadata, unspecified, or of many. */
export function isForbiddenAddress(address: string): boolean {
  return isIn(never, address);
}

/** Whether an address is one of this machine, of a private network, or of none that is on the internet. What is no address is private too. */
export function isPrivateAddress(address: string): boolean {
  return isIP(address) === 0 || isIn(blocked, address);
}

function isIn(list: BlockList, address: string): boolean {
  // An IPv4 address in IPv6 clothes is judged as the IPv4 address that it reaches.
  const mapped = /^::(?:ffff:(?:0:)?)?(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? hexMapped(address);
  if (mapped !== undefined) return list.check(mapped, "ipv4");
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 4 ? "ipv4" : "ipv6");
}

/** `::ffff:` and the prefix of translators, with the IPv4 address in hexadecimal. */
function hexMapped(address: string): string | undefined {
  const [, high, low] = /^(?:::ffff|64:ff9b:):([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(address) ?? [];
  if (high === undefined || low === undefined) return undefined;
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join(".");
}
