/**
 * Sends one request over a connection and reads its response. The body is passed on in pieces of our own size: a server
 * may send single bytes, each of which would cost a hundred times its size downstream.
 */
import { Readable } from 'node:stream';
import type { Agent, Dispatcher } from 'undici';
import { BrokerError } from './broker-error.ts';
import type { HeaderPair } from './request-headers.ts';

const PIECE_BYTES = 16 * 1024;
const INVALID_HTTP = 'The server answered with something that is not valid HTTP.';

export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  /** Names in lower case, in the order of arrival. */
  readonly headers: readonly HeaderPair[];
  /** Fails with whatever breaks the request. Destroying it ends the request. */
  readonly body: Readable;
}

/**
 * Sends a request and resolves when the response's headers have arrived.
 *
 * @param signal aborts at any stage: in the queue, in the headers or in the body
 */
export function exchange(
  agent: Agent,
  request: Dispatcher.DispatchOptions,
  signal: AbortSignal,
): Promise<ResponseHead> {
  const handler = new ResponseHandler(signal);
  agent.dispatch(request, handler);
  return handler.head;
}

class ResponseHandler implements Dispatcher.DispatchHandler {
  readonly #head = Promise.withResolvers<ResponseHead>();
  readonly #body: Readable;
  readonly #signal: AbortSignal;
  #controller: Dispatcher.DispatchController | undefined;
  #piece = Buffer.allocUnsafe(PIECE_BYTES);
  #filled = 0;
  #hasHead = false;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#body = new Readable({
      read: () => this.#controller?.resume(),
      destroy: (error, callback) => {
        if (!this.#body.readableEnded) this.#controller?.abort(error ?? new Error('the response was not read'));
        callback(error);
      },
    });
    // undici ignores its own signal before there is a connection.
    const end = (): void => this.#fail(signal.reason);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  }

  get head(): Promise<ResponseHead> {
    return this.#head.promise;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal.aborted) controller.abort(this.#signal.reason);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _headers: unknown, statusText = ''): void {
    // Interim responses, such as early hints.
    if (status < 200) return;
    this.#hasHead = true;
    const headers = pairsOf(controller.rawHeaders);
    this.#head.resolve({ status, statusText, headers, body: this.#body });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      const copied = chunk.copy(this.#piece, this.#filled, at);
      at += copied;
      this.#filled += copied;
      if (this.#filled === PIECE_BYTES && !this.#push()) controller.pause();
    }
  }

  onResponseEnd(): void {
    this.#push();
    this.#body.push(null);
  }

  onResponseError(_controller: unknown, error: Error & { readonly code?: string }): void {
    // When undici's parser fails it compares lengths, even if there was no head and so no body.
    const isInvalidHead = !this.#hasHead && error.code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH';
    const isInvalid = error.name === 'HTTPParserError' || isInvalidHead;
    this.#fail(isInvalid ? new BrokerError('request_failed', INVALID_HTTP) : error);
  }

  #push(): boolean {
    const piece = this.#piece.subarray(0, this.#filled);
    this.#piece = Buffer.allocUnsafe(PIECE_BYTES);
    this.#filled = 0;
    return this.#body.push(piece);
  }

  #fail(error: Error): void {
    this.#head.reject(error);
    // There may be no reader yet, and an error without a listener would be thrown.
    this.#body.on('error', () => {}).destroy(error);
  }
}

/** @param raw names and values alternating, as bytes or text */
function pairsOf(raw: Dispatcher.DispatchController['rawHeaders']): HeaderPair[] {
  if (!Array.isArray(raw)) return [];
  const texts = raw.map((part: Buffer | string) => (typeof part === 'string' ? part : part.toString('latin1')));
  const pairs: HeaderPair[] = [];
  for (let i = 0; i + 1 < texts.length; i += 2) pairs.push([String(texts[i]).toLowerCase(), String(texts[i + 1])]);
  return pairs;
}
