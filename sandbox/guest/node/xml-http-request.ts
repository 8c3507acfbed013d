/**
 * `XMLHttpRequest` over `fetch`, for packages that have no other way to send a request. There is no synchronous one, no
 * document, and progress is known only when all is there.
 */

type Handler = ((this: EventTarget, event: Event) => unknown) | null;
type Kind = '' | 'text' | 'json' | 'arraybuffer' | 'blob';

const UNSENT = 0;
const OPENED = 1;
const HEADERS_RECEIVED = 2;
const LOADING = 3;
const DONE = 4;

const states = { UNSENT, OPENED, HEADERS_RECEIVED, LOADING, DONE };

const invalidState = (message: string): DOMException => new DOMException(message, 'InvalidStateError');

class ProgressEventClass extends Event {
  readonly lengthComputable = true;
  readonly loaded: number;
  readonly total: number;

  constructor(type: string, bytes: number) {
    super(type);
    this.loaded = bytes;
    this.total = bytes;
  }
}

/** Calls the handlers in properties, too. */
class Target extends EventTarget {
  onloadstart: Handler = null;
  onprogress: Handler = null;
  onload: Handler = null;
  onerror: Handler = null;
  onabort: Handler = null;
  ontimeout: Handler = null;
  onloadend: Handler = null;
  onreadystatechange: Handler = null;

  protected fire(event: Event): void {
    const handler: unknown = Reflect.get(this, `on${event.type}`);
    if (typeof handler === 'function') this.addEventListener(event.type, handler as () => void, { once: true });
    this.dispatchEvent(event);
  }
}

interface Opened {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
}

export class XMLHttpRequest extends Target {
  readyState = UNSENT;
  responseType: Kind = '';
  timeout = 0;
  withCredentials = false;
  readonly upload = new Target();
  #request: Opened | undefined;
  #controller: AbortController | undefined;
  #response: Response | undefined;
  #bytes = new Uint8Array();
  /** Read once: it is the same object each time. */
  #value: unknown;
  #mimeType: string | undefined;

  open(method: string, url: string | URL, isAsync = true): void {
    if (!isAsync) throw new DOMException('synchronous requests are not available', 'InvalidAccessError');
    this.#forget();
    this.#request = { method: String(method).toUpperCase(), url: String(url), headers: new Headers() };
    this.#enter(OPENED);
  }

  setRequestHeader(name: string, value: string): void {
    if (this.readyState !== OPENED || !this.#request || this.#controller) throw invalidState('the request is not open');
    this.#request.headers.append(name, value);
  }

  overrideMimeType(type: string): void {
    this.#mimeType = String(type);
  }

  send(body: RequestInit['body'] = null): void {
    const request = this.#request;
    if (this.readyState !== OPENED || !request || this.#controller) throw invalidState('the request is not open');
    const controller = new AbortController();
    this.#controller = controller;
    this.fire(new ProgressEventClass('loadstart', 0));
    const timer = this.timeout > 0 ? setTimeout(() => this.#end('timeout', controller), this.timeout) : undefined;
    const { method, url, headers } = request;
    const sent = method === 'GET' || method === 'HEAD' ? null : body;
    void this.#load(fetch(url, { method, headers, body: sent, signal: controller.signal }), controller)
      .catch(() => this.#end('error', controller))
      .finally(() => clearTimeout(timer));
  }

  abort(): void {
    const controller = this.#controller;
    if (controller) this.#end('abort', controller);
    if (this.readyState === DONE) this.readyState = UNSENT;
  }

  get status(): number {
    return this.#response?.status ?? 0;
  }

  get statusText(): string {
    return this.#response?.statusText ?? '';
  }

  get responseURL(): string {
    return this.#response?.url ?? '';
  }

  get responseText(): string {
    if (this.responseType !== '' && this.responseType !== 'text') throw invalidState('the response is no text');
    return this.#text();
  }

  get responseXML(): null {
    return null;
  }

  get response(): unknown {
    if (this.responseType === '' || this.responseType === 'text') return this.#text();
    if (this.readyState !== DONE || !this.#response) return null;
    this.#value ??= this.#read(this.responseType);
    return this.#value;
  }

  getResponseHeader(name: string): string | null {
    return this.#response?.headers.get(name) ?? null;
  }

  getAllResponseHeaders(): string {
    return [...(this.#response?.headers ?? [])].map(([name, value]) => `${name}: ${value}\r\n`).join('');
  }

  async #load(sent: Promise<Response>, controller: AbortController): Promise<void> {
    const response = await sent;
    if (this.#controller !== controller) return;
    this.#response = response;
    this.#enter(HEADERS_RECEIVED);
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (this.#controller !== controller) return;
    this.#bytes = bytes;
    this.#enter(LOADING);
    this.fire(new ProgressEventClass('progress', bytes.length));
    this.#controller = undefined;
    this.#enter(DONE);
    this.fire(new ProgressEventClass('load', bytes.length));
    this.fire(new ProgressEventClass('loadend', bytes.length));
  }

  #end(type: 'abort' | 'error' | 'timeout', controller: AbortController): void {
    // Something else has ended it, or another request has begun.
    if (this.#controller !== controller) return;
    this.#forget();
    controller.abort();
    this.#enter(DONE);
    this.fire(new ProgressEventClass(type, 0));
    this.fire(new ProgressEventClass('loadend', 0));
  }

  #forget(): void {
    const controller = this.#controller;
    this.#controller = undefined;
    controller?.abort();
    this.#response = undefined;
    this.#bytes = new Uint8Array();
    this.#value = undefined;
  }

  #enter(state: number): void {
    this.readyState = state;
    this.fire(new Event('readystatechange'));
  }

  #text(): string {
    const type = this.#mimeType ?? this.#response?.headers.get('content-type') ?? '';
    const [, charset = 'utf-8'] = /charset="?([^\s;"]+)/i.exec(type) ?? [];
    return new TextDecoder(charset).decode(this.#bytes);
  }

  #read(kind: 'json' | 'arraybuffer' | 'blob'): unknown {
    if (kind === 'arraybuffer') return this.#bytes.buffer;
    if (kind === 'blob') return new Blob([this.#bytes], { type: this.getResponseHeader('content-type') ?? '' });
    try {
      return JSON.parse(new TextDecoder().decode(this.#bytes));
    } catch {
      return null;
    }
  }
}

Object.assign(XMLHttpRequest, states);
Object.assign(XMLHttpRequest.prototype, states);
