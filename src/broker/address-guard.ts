/**
 * Which addresses of the network connectors reach: the public ones, and what the operator has opened with
 * BULKHEAD_ALLOW_PRIVATE_NETWORK. Everything else is closed: loopback, private and link-local networks, and
 * the forms of IPv6 that carry an IPv4 address somewhere else (NAT64, 6to4, Teredo).
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = readonly [network: Address, bits: number];

/** All that has been given out for the public network; the rest is closed without being listed. */
const GLOBAL_UNICAST: Range = [ipaddr.parse('2000::'), 3];
/** Public by its number, but the cloud's own service on each of its machines (Azure). */
const CLOSED_ALL_THE_SAME: Range = [ipaddr.parse('168.63.129.16'), 32];

/** `::127.0.0.1`: a form long given up, which the library takes for a mapped address. */
const COMPATIBLE = /^::\d+\./;

/** An IPv4 address mapped into IPv6 is that IPv4 address. */
function parseAddress(text: string): Address | undefined {
  return isIP(text) === 0 || COMPATIBLE.test(text) ? undefined : ipaddr.process(text);
}

function isIn(address: Address, [network, bits]: Range): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}

function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast') return false;
  return address.kind() === 'ipv6' ? isIn(address, GLOBAL_UNICAST) : !isIn(address, CLOSED_ALL_THE_SAME);
}

function parseRange(text: string): Range | undefined {
  const [network = '', bits, ...rest] = text.split('/');
  if (isIP(network) === 0 || network.includes('%') || COMPATIBLE.test(network) || rest.length > 0) return undefined;
  const parsed = ipaddr.parse(network);
  const allBits = parsed.kind() === 'ipv4' ? 32 : 128;
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return undefined;
  const length = bits === undefined ? allBits : Number(bits);
  if (length > allBits) return undefined;
  if (parsed.kind() === 'ipv4' || !(parsed as ipaddr.IPv6).isIPv4MappedAddress()) return [parsed, length];
  return length < 96 ? undefined : [(parsed as ipaddr.IPv6).toIPv4Address(), length - 96];
}

/** As a URL would have it, so that what is opened is what is asked for. */
function parseName(text: string): string | undefined {
  if (!/^[\w-]+(?:\.[\w-]+)*\.?$/.test(text) || text.length > 253) return undefined;
  const name = text.toLowerCase();
  return URL.canParse(`http://${name}`) && new URL(`http://${name}`).hostname === name && isIP(name) === 0
    ? name
    : undefined;
}

const entriesOf = (list: string): string[] => (list.trim() === '' ? [] : list.split(',').map((entry) => entry.trim()));

/** The entries of a comma list that are neither host names nor addresses nor CIDR ranges. */
export function invalidOpenings(list: string): string[] {
  return entriesOf(list).filter((entry) => parseRange(entry) === undefined && parseName(entry) === undefined);
}

export class AddressGuard {
  readonly #ranges: readonly Range[];
  readonly #names: ReadonlySet<string>;

  /** @param openings a comma list of host names, addresses and CIDR ranges, without invalid ones */
  constructor(openings: string) {
    const entries = entriesOf(openings);
    this.#ranges = entries.map(parseRange).filter((range) => range !== undefined);
    this.#names = new Set(entries.map(parseName).filter((name) => name !== undefined));
  }

  /** Whether a host may be reached whatever its name resolves to. */
  opensName(hostname: string): boolean {
    return this.#names.has(hostname);
  }

  permits(text: string): boolean {
    const address = parseAddress(text);
    return address !== undefined && (isPublic(address) || this.#ranges.some((range) => isIn(address, range)));
  }
}
