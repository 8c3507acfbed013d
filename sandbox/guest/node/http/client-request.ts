/** A request over `fetch`, which the server sends when its body has ended. Redirects are not followed. */
import { Buffer } from '../buffer.ts';
import stream from '../stream.ts';
import { connectionReset, requestError } from './errors.ts';
import { HeaderList } from './header-list.ts';
import { IncomingMessage } from './message.ts';
import { Socket } from './socket.ts';
import { type RequestArguments, readArguments, type Target, targetOf } from './target.ts';

// Packages replace the global one, some with functions that call this one.
const { fetch, AbortController, setTimeout, clearTimeout, queueMicrotask } = globalThis;

export class ClientRequest extends stream.Writable {
  readonly method: string;
  readonly protocol: string;
  readonly host: string;
  readonly path: string;
  readonly socket: Socket;
  readonly connection: Socket;
  readonly agent: unknown;
  readonly reusedSocket = false;
  readonly maxHeadersCount = null;
  aborted = false;
  finished = false;
  res: IncomingMessage | undefined;
  readonly #target: Target;
  readonly #headers: HeaderList;
  readonly #pieces: Uint8Array[] = [];
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isSent = false;

  constructor(defaultProtocol: string, args: RequestArguments) {
    super({ autoDestroy: false, decodeStrings: true });
    const { options, callback } = readArguments(args);
    this.#target = targetOf(options, defaultProtocol);
    this.method = (options.method ?? 'GET').toUpperCase();
    this.protocol = this.#target.protocol;
    this.host = this.#target.hostname;
    this.path = this.#target.path;
    this.agent = options.agent;
    this.#headers = new HeaderList(options.headers);
    if (typeof options.auth === 'string' && !this.#headers.has('authorization')) {
      this.#headers.set('Authorization', `Basic ${Buffer.from(options.auth).toString('base64')}`);
    }
    if (options.setHost !== false && !this.#headers.has('host')) this.#headers.set('Host', this.#target.host);
    const startTimer = (ms: number): void => this.#startTimer(ms);
    this.socket = new Socket(this.protocol === 'https:', startTimer, (error) => this.destroy(error));
    this.connection = this.socket;
    if (callback) this.once('response', callback);
    if (typeof options.timeout === 'number') this.setTimeout(options.timeout);
    this.#followSignal(options.signal);
    queueMicrotask(() => {
      if (this.destroyed) return;
      this.emit('socket', this.socket);
      if (this.#headers.has('expect')) this.emit('continue');
    });
  }

  get headersSent(): boolean {
    return this.#isSent;
  }

  setHeader(name: string, value: unknown): this {
    this.#headers.set(name, value);
    return this;
  }

  appendHeader(name: string, value: unknown): this {
    this.#headers.append(name, value);
    return this;
  }

  getHeader(name: string): unknown {
    return this.#headers.get(name);
  }

  getHeaders(): Record<string, unknown> {
    return this.#headers.all();
  }

  getHeaderNames(): string[] {
    return Object.keys(this.#headers.all());
  }

  getRawHeaderNames(): string[] {
    return this.#headers.names();
  }

  hasHeader(name: string): boolean {
    return this.#headers.has(name);
  }

  removeHeader(name: string): void {
    this.#headers.remove(name);
  }

  flushHeaders(): void {}

  setNoDelay(): void {}

  setSocketKeepAlive(): void {}

  setTimeout(ms: number, callback?: () => void): this {
    if (callback) this.once('timeout', callback);
    this.#startTimer(ms);
    return this;
  }

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    queueMicrotask(() => this.emit('abort'));
    this.destroy();
  }

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.#pieces.push(chunk);
    done();
  }

  override _final(done: () => void): void {
    this.finished = true;
    this.#isSent = true;
    done();
    void this.#send();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stopTimer();
    this.socket.destroyed = true;
    this.#controller.abort();
    if (this.res && !this.res.complete) {
      this.res.aborted = true;
      this.res.emit('aborted');
      this.res.destroy(error ?? connectionReset('aborted'));
      return done();
    }
    done(error ?? (this.res ? null : connectionReset()));
  }

  async #send(): Promise<void> {
    const hasBody = this.#pieces.length > 0;
    const response = new IncomingMessage(this.socket);
    try {
      const reply = await fetch(this.#target.url, {
        method: this.method,
        headers: this.#headers.pairs(),
        redirect: 'manual',
        signal: this.#controller.signal,
        ...(hasBody ? { body: Buffer.concat(this.#pieces) } : {}),
      });
      await response.receive(reply);
    } catch (error) {
      if (!this.destroyed) this.destroy(requestError(error, this.#target.hostname));
      return;
    }
    if (!this.destroyed) this.#deliver(response);
  }

  #deliver(response: IncomingMessage): void {
    this.res = response;
    Object.assign(response, { req: this });
    response.once('end', () => this.#stopTimer());
    response.once('close', () => this.destroy());
    // Nobody reads it: it ends by itself.
    if (!this.emit('response', response)) response.resume();
  }

  #startTimer(ms: number): void {
    this.#stopTimer();
    if (!(ms > 0) || this.destroyed) return;
    this.#timer = setTimeout(() => {
      this.socket.emit('timeout');
      this.emit('timeout');
    }, ms);
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #followSignal(signal: AbortSignal | undefined): void {
    if (!signal) return;
    const onAbort = (): void => {
      const error = new Error('The operation was aborted', { cause: signal.reason });
      this.destroy(Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' }));
    };
    if (signal.aborted) queueMicrotask(onAbort);
    else signal.addEventListener('abort', onAbort, { once: true });
    this.once('close', () => signal.removeEventListener('abort', onAbort));
  }
}
