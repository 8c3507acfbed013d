/** Sends requests as they are: no client of the product's own would let them through. */
import { Agent, request } from 'node:http';
import type { FuzzRequest } from './requests.ts';

/** A reply; with the status 0 there was none, and the text says why. */
export interface FuzzReply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text is not all of it. */
  readonly isCut?: boolean;
}

const TIMEOUT_MS = 30_000;
const CONNECTIONS = 8;

export class Sender {
  readonly #url: URL;
  readonly #token: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

  constructor(url: string, token: string) {
    this.#url = new URL(url);
    this.#token = token;
  }

  send({ method, target, headers, body: _body }: FuzzRequest, body: Buffer | undefined): Promise<FuzzReply> {
    const { promise, resolve } = Promise.withResolvers<FuzzReply>();
    const none = (why: unknown): void => resolve({ status: 0, headers: new Headers(), text: String(why) });
    const isAnonymous = headers.some(([name]) => name === 'authorization');
    const sent = [
      ['host', this.#url.host],
      ...(isAnonymous ? [] : [['authorization', `Bearer ${this.#token}`]]),
      ...(body ? [['content-length', String(body.length)]] : []),
      ...headers,
    ];
    const { hostname, port } = this.#url;
    const asking = request({
      hostname,
      port,
      method,
      path: target,
      headers: sent.flat(),
      agent: this.#agent,
      timeout: TIMEOUT_MS,
    });
    asking.on('timeout', () => asking.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    asking.on('error', none);
    asking.on('response', (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', none);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: new Headers(
            Object.entries(response.headersDistinct).flatMap(([name, values = []]) =>
              values.map((value): [string, string] => [name, value]),
            ),
          ),
          text: Buffer.concat(pieces).toString(),
        }),
      );
    });
    asking.end(body);
    return promise;
  }

  close(): void {
    this.#agent.destroy();
  }
}
