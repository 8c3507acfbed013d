/** What went wrong on the network, as a connector is told: without addresses, paths or stacks. */
import { type DenialCode, Denied } from './denied.ts';

type Row = readonly [codes: RegExp, code: DenialCode, sentence: string];

/** By the codes of Node's system errors, its TLS and its zlib, and of undici; the first row that fits. */
const rows: readonly Row[] = [
  [/^(?:ENOTFOUND|EAI_\w+)$/, 'request_failed', 'The host name could not be resolved.'],
  [/^(?:UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT)$/, 'request_timeout', 'The server took too long to accept the connection.'],
  [/^UND_ERR_HEADERS_OVERFLOW$/, 'response_too_large', "The response's headers are too large."],
  [/^(?:ECONNREFUSED|E\w+UNREACH|EADDRNOTAVAIL)$/, 'request_failed', 'The server could not be reached.'],
  [
    /^(?:Z_|ZSTD_|ERR__ERROR_|ERR_BROTLI|ERR_ZSTD|ERR_PADDING)/,
    'request_failed',
    'The response could not be decompressed.',
  ],
  [
    /^(?:ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO)/,
    'request_failed',
    "No secure connection: the server's certificate or handshake was not accepted.",
  ],
  [
    /^(?:UND_ERR_SOCKET|UND_ERR_\w+_MISMATCH|ECONNRESET|EPIPE)$/,
    'request_failed',
    'The connection ended before the response was complete.',
  ],
];

function codeOf(error: unknown): string {
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  if (typeof code === 'string') return code;
  return Array.isArray(errors) && errors.length > 0 ? codeOf(errors[0]) : '';
}

export function failureOf(error: unknown): Denied {
  if (error instanceof Denied) return error;
  const code = codeOf(error);
  const row = rows.find(([codes]) => codes.test(code));
  return row ? new Denied(row[1], row[2]) : new Denied('request_failed', 'The request could not be made.');
}
