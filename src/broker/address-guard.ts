/**
 * Decides which network addresses connectors may reach: public ones, and those that the operator allows with
 * BULKHEAD_ALLOW_PRIVATE_NETWORK. Everything else is blocked: loopback, private and link-local networks, and IPv6
 * ranges that embed an IPv4 address (NAT64, 6to4, Teredo).
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = readonly [network: Address, bits: number];

/** The only range assigned to the public network. The rest needs no list. */
const GLOBAL_UNICAST: Range = [ipaddr.parse('2000::'), 3];
/** A public address that Azure uses for its platform service on every machine. */
const AZURE_PLATFORM: Range = [ipaddr.parse('168.63.129.16'), 32];

/** `::127.0.0.1`: a deprecated form that the library mistakes for an IPv4-mapped address. */
const IPV4_COMPATIBLE = /^::\d+\./;

/** Unwraps IPv4-mapped addresses. */
function parseAddress(text: string): Address | undefined {
  return isIP(text) === 0 || IPV4_COMPATIBLE.test(text) ? undefined : ipaddr.process(text);
}

function isIn(address: Address, [network, bits]: Range): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}

function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast') return false;
  return address.kind() === 'ipv6' ? isIn(address, GLOBAL_UNICAST) : !isIn(address, AZURE_PLATFORM);
}

function parseRange(text: string): Range | undefined {
  const [network = '', bits, ...rest] = text.split('/');
  if (isIP(network) === 0 || network.includes('%') || IPV4_COMPATIBLE.test(network) || rest.length > 0)
    return undefined;
  const parsed = ipaddr.parse(network);
  const allBits = parsed.kind() === 'ipv4' ? 32 : 128;
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return undefined;
  const length = bits === undefined ? allBits : Number(bits);
  if (length > allBits) return undefined;
  if (parsed.kind() === 'ipv4' || !(parsed as ipaddr.IPv6).isIPv4MappedAddress()) return [parsed, length];
  return length < 96 ? undefined : [(parsed as ipaddr.IPv6).toIPv4Address(), length - 96];
}

/** Only names that a URL keeps as they are, so that the entry equals the host of a request. */
function parseName(text: string): string | undefined {
  if (!/^[\w-]+(?:\.[\w-]+)*\.?$/.test(text) || text.length > 253) return undefined;
  const name = text.toLowerCase();
  return URL.canParse(`http://${name}`) && new URL(`http://${name}`).hostname === name && isIP(name) === 0
    ? name
    : undefined;
}

const entriesOf = (list: string): string[] => (list.trim() === '' ? [] : list.split(',').map((entry) => entry.trim()));

/** Entries of a comma-separated list that are neither host name, address nor CIDR range. */
export function invalidEntries(list: string): string[] {
  return entriesOf(list).filter((entry) => parseRange(entry) === undefined && parseName(entry) === undefined);
}

export class AddressGuard {
  readonly #ranges: readonly Range[];
  readonly #names: ReadonlySet<string>;

  /** @param list comma-separated host names, addresses and CIDR ranges, all valid */
  constructor(list: string) {
    const entries = entriesOf(list);
    this.#ranges = entries.map(parseRange).filter((range) => range !== undefined);
    this.#names = new Set(entries.map(parseName).filter((name) => name !== undefined));
  }

  /** Whether a host is allowed whatever its name resolves to. */
  allowsName(hostname: string): boolean {
    return this.#names.has(hostname);
  }

  allowsAddress(text: string): boolean {
    const address = parseAddress(text);
    return address !== undefined && (isPublic(address) || this.#ranges.some((range) => isIn(address, range)));
  }
}
