/** Which headers of a request go along to the application that a connection stands for (contract 14). */
import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';

/** They describe the connection to us, and not the request (RFC 9110, 7.6.1). */
const OF_THE_HOP =
  /^(?:connection|keep-alive|te|trailer|transfer-encoding|upgrade|http2-settings|expect|host|content-length|proxy-.*)$/;
/**
 * Ours to read or to set. Bodies are decoded here, where credentials are taken out of them, so the codings are
 * ours to choose; the trace is that of the run.
 */
const OF_THE_RUNTIME = /^(?:integrator-.*|bulkhead-.*|accept-encoding|traceparent|tracestate)$/;
const CREDENTIALS = /^(?:authorization|cookie|cookie2)$/;

export function headersToPassOn(headers: IncomingHttpHeaders): [name: string, value: string][] {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  return Object.entries(headers).flatMap(([name, value]): [string, string][] => {
    const isKept = [OF_THE_HOP, OF_THE_RUNTIME, CREDENTIALS].some((pattern) => pattern.test(name)) || named.has(name);
    return isKept || value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]];
  });
}

/** A header's value as its sender meant it: Node reads one character per byte. */
export function headerText(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  const isLossless = bytes.toString('latin1') === value;
  return isLossless && isUtf8(bytes) ? bytes.toString('utf8') : value;
}
