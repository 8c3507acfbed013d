/** What packages ask a request's socket. There is none: the server holds the connection. */
import EventEmitter from '../events.ts';

export class Socket extends EventEmitter {
  readonly connecting = false;
  readonly readable = true;
  readonly writable = true;
  readonly encrypted: boolean;
  /** The server checks certificates. */
  readonly authorized: boolean;
  readonly alpnProtocol = false;
  destroyed = false;
  readonly #setTimeout: (ms: number) => void;
  readonly #destroy: (error?: Error) => void;

  constructor(isSecure: boolean, setTimeout: (ms: number) => void, destroy: (error?: Error) => void) {
    super();
    this.encrypted = isSecure;
    this.authorized = isSecure;
    this.#setTimeout = setTimeout;
    this.#destroy = destroy;
  }

  setTimeout(ms: number, callback?: () => void): this {
    if (callback) this.once('timeout', callback);
    this.#setTimeout(ms);
    return this;
  }

  destroy(error?: Error): this {
    this.destroyed = true;
    this.#destroy(error);
    return this;
  }

  end(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  cork(): void {}

  uncork(): void {}
}
