/** Which request headers the proxy passes on to the application (contract 14). */
import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';

/** Hop-by-hop: they describe the connection to us (RFC 9110, 7.6.1). */
const HOP_BY_HOP =
  /^(?:connection|keep-alive|te|trailer|transfer-encoding|upgrade|http2-settings|expect|host|content-length|proxy-.*)$/;
/**
 * The runtime reads or sets them. It decodes response bodies to redact credentials, so it chooses the codings; the
 * trace is that of the run.
 */
const OWN = /^(?:integrator-.*|bulkhead-.*|accept-encoding|traceparent|tracestate)$/;
const CREDENTIALS = /^(?:authorization|cookie|cookie2)$/;

export function headersToPassOn(headers: IncomingHttpHeaders): [name: string, value: string][] {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  return Object.entries(headers).flatMap(([name, value]): [string, string][] => {
    const isDropped = [HOP_BY_HOP, OWN, CREDENTIALS].some((pattern) => pattern.test(name)) || named.has(name);
    return isDropped || value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]];
  });
}

/** A header's value, decoded if it is valid UTF-8: Node reads one character per byte. */
export function headerText(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  const isLossless = bytes.toString('latin1') === value;
  return isLossless && isUtf8(bytes) ? bytes.toString('utf8') : value;
}
