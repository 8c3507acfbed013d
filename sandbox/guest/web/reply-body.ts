/**
 * The body of a reply: a text, which most connectors want as a text. undici's way there goes through a
 * stream of bytes; that is made only for those who ask for something else.
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

  /** All of it, once; nothing if somebody has looked at the stream, or if it may be no text. */
  takeText(): string | undefined {
    if (this.#isBase64 || this.#stream) return undefined;
    this.#stream = extractBody('')[0].stream;
    void this.#stream.cancel();
    // As if it had been encoded and decoded.
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
