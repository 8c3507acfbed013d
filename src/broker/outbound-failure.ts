/** Translates network errors for connectors, without addresses, paths or stacks. */
import { BrokerError, type BrokerErrorCode } from './broker-error.ts';

type Row = readonly [codes: RegExp, code: BrokerErrorCode, message: string, networkCode?: string];

/** By error codes of Node (system, TLS, zlib) and undici. The first matching row wins. */
const rows: readonly Row[] = [
  [/^(?:ENOTFOUND|EAI_\w+)$/, 'request_failed', 'The host name could not be resolved.', 'ENOTFOUND'],
  [
    /^(?:UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT)$/,
    'request_timeout',
    'The server took too long to accept the connection.',
    'ETIMEDOUT',
  ],
  [/^UND_ERR_HEADERS_OVERFLOW$/, 'response_too_large', "The response's headers are too large."],
  [
    /^(?:ECONNREFUSED|E\w+UNREACH|EADDRNOTAVAIL)$/,
    'request_failed',
    'The server could not be reached.',
    'ECONNREFUSED',
  ],
  [
    /^(?:Z_|ZSTD_|ERR__ERROR_|ERR_BROTLI|ERR_ZSTD|ERR_PADDING)/,
    'request_failed',
    'The response could not be decompressed.',
  ],
  [
    /^(?:ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO)/,
    'request_failed',
    "No secure connection: the server's certificate or handshake was rejected.",
    'EPROTO',
  ],
  [
    /^(?:UND_ERR_SOCKET|UND_ERR_\w+_MISMATCH|ECONNRESET|EPIPE)$/,
    'request_failed',
    'The connection ended before the response was complete.',
    'ECONNRESET',
  ],
];

function codeOf(error: unknown): string {
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  if (typeof code === 'string') return code;
  return Array.isArray(errors) && errors.length > 0 ? codeOf(errors[0]) : '';
}

export function toBrokerError(error: unknown): BrokerError {
  if (error instanceof BrokerError) return error;
  const code = codeOf(error);
  const row = rows.find(([codes]) => codes.test(code));
  return row
    ? new BrokerError(row[1], row[2], row[3])
    : new BrokerError('request_failed', 'The request could not be made.');
}
