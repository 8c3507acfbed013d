/**
 * Origin patterns of a manifest's `permissions.fetch`, such as `https://api.example.com` or
 * `https://*.example.com:8443`. The wildcard stands for exactly one label, the leftmost. Scheme, host and port must
 * match; the default port is the scheme's (contract 9).
 */
import { isIP } from 'node:net';
import { BrokerError } from './broker-error.ts';

interface OriginPattern {
  readonly protocol: string;
  /** Without the wildcard label. */
  readonly hostname: string;
  readonly port: string;
  readonly hasWildcard: boolean;
}

/** A host name has at most 253 characters. */
const PATTERN_CHARS = 300;
const PARTS = /^(https?:\/\/)(\*\.)?([^*/?#@\\\s]+)\/?$/i;

function parsePattern(text: string): OriginPattern | undefined {
  const [, scheme, wildcard, host] = (text.length <= PATTERN_CHARS && PARTS.exec(text)) || [];
  if (host === undefined || !URL.canParse(`${scheme}${host}`)) return undefined;
  const { protocol, hostname, port } = new URL(`${scheme}${host}`);
  const hasWildcard = wildcard !== undefined;
  // An IP address has no labels.
  const isAddress = hostname.startsWith('[') || isIP(hostname) !== 0;
  return hasWildcard && isAddress ? undefined : { protocol, hostname, port, hasWildcard };
}

export function isOriginPattern(text: string): boolean {
  return parsePattern(text) !== undefined;
}

function matches(pattern: OriginPattern, { protocol, hostname, port }: URL): boolean {
  if (protocol !== pattern.protocol || port !== pattern.port) return false;
  if (!pattern.hasWildcard) return hostname === pattern.hostname;
  const dot = hostname.indexOf('.');
  return dot > 0 && hostname.slice(dot + 1) === pattern.hostname;
}

/** Whether `granted` matches every origin that `requested` matches. */
function covers(granted: OriginPattern, requested: OriginPattern): boolean {
  if (granted.protocol !== requested.protocol || granted.port !== requested.port) return false;
  if (granted.hasWildcard === requested.hasWildcard) return granted.hostname === requested.hostname;
  const dot = requested.hostname.indexOf('.');
  return granted.hasWildcard && dot > 0 && requested.hostname.slice(dot + 1) === granted.hostname;
}

/** The requested patterns that no granted pattern covers, without duplicates. */
export function uncoveredPatterns(granted: readonly string[], requested: readonly string[]): string[] {
  const grantedPatterns = granted.map(parsePattern).filter((pattern) => pattern !== undefined);
  return [...new Set(requested)].filter((text) => {
    const pattern = parsePattern(text);
    return !pattern || !grantedPatterns.some((accepted) => covers(accepted, pattern));
  });
}

export class OriginPermissions {
  readonly #patterns: readonly OriginPattern[];

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.map(parsePattern).filter((pattern) => pattern !== undefined);
  }

  /** @throws BrokerError */
  assertPermitted(url: URL): void {
    if (this.#patterns.some((pattern) => matches(pattern, url))) return;
    const isHttp = url.protocol === 'http:' || url.protocol === 'https:';
    // Other schemes have the origin "null", and the rest of their URL may be long.
    const named = isHttp ? url.origin : `${url.protocol.slice(0, 50)} addresses`;
    throw new BrokerError(
      'permission_denied',
      `fetch to ${named} is not permitted by permissions.fetch of the manifest`,
    );
  }
}
