/**
 * The body of a reply. It arrives as text, and most connectors want text. undici would convert it through a
 * byte stream; here the stream is made only when something else is asked for.
 */
import { fromBase64 } from '@exodus/bytes/base64.js';
import { extractBody } from 'undici/lib/web/fetch/body.js';
import { getResponseState, Response } from 'undici/lib/web/fetch/response.js';

export class ReplyBody {
  readonly length = null;
  readonly source: string;
  readonly #isBase64: boolean;
  #stream: ReadableStream | undefined;

  constructor(source: string, isBase64: boolean) {
    this.source = source;
    this.#isBase64 = isBase64;
  }

  get stream(): ReadableStream {
    this.#stream ??= extractBody(this.#isBase64 ? fromBase64(this.source) : this.source)[0].stream;
    return this.#stream;
  }

  /** Set when the body is cloned. */
  set stream(stream: ReadableStream) {
    this.#stream = stream;
  }

  /** Returns all of it, once. Undefined if the stream has been used, or if the body may not be text. */
  takeText(): string | undefined {
    if (this.#isBase64 || this.#stream) return undefined;
    this.#stream = extractBody('')[0].stream;
    void this.#stream.cancel();
    // The same result as encoding and decoding it.
    const text = this.source.toWellFormed();
    return text.startsWith('\uFEFF') ? text.slice(1) : text;
  }
}

const { text, json } = Response.prototype;

function takeText(response: Response): string | undefined {
  const body = response instanceof Response ? getResponseState(response).body : null;
  return body instanceof ReplyBody ? body.takeText() : undefined;
}

Object.assign(Response.prototype, {
  async text(this: Response): Promise<string> {
    return takeText(this) ?? text.call(this);
  },
  async json(this: Response): Promise<unknown> {
    const taken = takeText(this);
    return taken === undefined ? json.call(this) : JSON.parse(taken);
  },
});
