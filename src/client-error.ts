/** Answers requests that Node's HTTP server cannot parse, in the format of all errors. */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ErrorCode, requestError } from './errors.ts';

/** By error codes of Node's parser and timeouts. */
const errorCodes: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'request_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};
const reasonPhrases: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  413: 'Content Too Large',
  431: 'Request Header Fields Too Large',
};
/** Time to read the answer. Closing at once would reset the connection while the client is still sending. */
const LINGER_MS = 1_000;

export function answerClientError(error: NodeJS.ErrnoException, connection: Duplex): void {
  // The answer is already sent.
  if (connection.writableEnded) return;
  const { _httpMessage: current } = connection as Socket & { _httpMessage?: ServerResponse };
  if (current?.req.complete && !current.headersSent) {
    // The invalid bytes follow a request that is still being answered.
    current.setHeader('Connection', 'close');
    return;
  }
  if (!connection.writable || current?.headersSent) return void connection.destroy();
  connection.end(responseTo(errorCodes[error.code ?? ''] ?? 'bad_request'));
  const timer = setTimeout(() => connection.destroy(), LINGER_MS).unref();
  connection.once('close', () => clearTimeout(timer));
}

function responseTo(code: ErrorCode): string {
  const { status, errors } = requestError(code);
  const body = JSON.stringify({ errors });
  const lines = [
    `HTTP/1.1 ${status} ${reasonPhrases[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${randomUUID()}`,
    'Connection: close',
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
