/**
 * The origins that a manifest's `permissions.fetch` names: `https://api.example.com`,
 * `https://*.example.com:8443`. The star stands for exactly one label, the left-most; scheme, host and port
 * must be equal, with the scheme's own port where none is given (contract 9).
 */
import { isIP } from 'node:net';
import { Denied } from './denied.ts';

interface OriginPattern {
  readonly protocol: string;
  /** Without the star's label. */
  readonly hostname: string;
  readonly port: string;
  readonly hasStar: boolean;
}

/** A name has 253 characters at the most, as it is asked for; to take a longer one apart is a waste of time. */
const PATTERN_CHARS = 300;
const PARTS = /^(https?:\/\/)(\*\.)?([^*/?#@\\\s]+)\/?$/i;

function parsePattern(text: string): OriginPattern | undefined {
  const [, scheme, star, host] = (text.length <= PATTERN_CHARS && PARTS.exec(text)) || [];
  if (host === undefined || !URL.canParse(`${scheme}${host}`)) return undefined;
  const { protocol, hostname, port } = new URL(`${scheme}${host}`);
  const hasStar = star !== undefined;
  // An address has no labels that a star could stand for.
  const isAddress = hostname.startsWith('[') || isIP(hostname) !== 0;
  return hasStar && isAddress ? undefined : { protocol, hostname, port, hasStar };
}

/** Whether a text names origins in the way above. */
export function isOriginPattern(text: string): boolean {
  return parsePattern(text) !== undefined;
}

function names(pattern: OriginPattern, { protocol, hostname, port }: URL): boolean {
  if (protocol !== pattern.protocol || port !== pattern.port) return false;
  if (!pattern.hasStar) return hostname === pattern.hostname;
  const dot = hostname.indexOf('.');
  return dot > 0 && hostname.slice(dot + 1) === pattern.hostname;
}

/** Whether every origin that one pattern names is named by another. */
function covers(accepted: OriginPattern, requested: OriginPattern): boolean {
  if (accepted.protocol !== requested.protocol || accepted.port !== requested.port) return false;
  if (accepted.hasStar === requested.hasStar) return accepted.hostname === requested.hostname;
  const dot = requested.hostname.indexOf('.');
  return accepted.hasStar && dot > 0 && requested.hostname.slice(dot + 1) === accepted.hostname;
}

/** Those of the asked patterns that name an origin which the accepted ones do not, each once. */
export function beyond(accepted: readonly string[], requested: readonly string[]): string[] {
  const known = accepted.map(parsePattern).filter((pattern) => pattern !== undefined);
  return [...new Set(requested)].filter((text) => {
    const pattern = parsePattern(text);
    return !pattern || !known.some((its) => covers(its, pattern));
  });
}

/** Checks an address against a manifest's patterns. */
export class OriginPermissions {
  readonly #patterns: readonly OriginPattern[];

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.map(parsePattern).filter((pattern) => pattern !== undefined);
  }

  /** @throws Denied */
  assertPermitted(url: URL): void {
    if (this.#patterns.some((pattern) => names(pattern, url))) return;
    const isHttp = url.protocol === 'http:' || url.protocol === 'https:';
    // The origin of other schemes is "null", and what follows the scheme may be long.
    const named = isHttp ? url.origin : `${url.protocol.slice(0, 50)} addresses`;
    throw new Denied('permission_denied', `fetch to ${named} is not permitted by permissions.fetch of the manifest`);
  }
}
