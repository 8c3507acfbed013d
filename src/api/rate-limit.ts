/** 429: how often a client may ask, and how often it may bring a token that is none. A client is its address. */
import type { Middleware } from 'koa';
import { IN_PROCESS } from '../broker/platform-api.ts';
import { requestError } from '../errors.ts';
import type { ApiContext } from './context.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** Addresses that are told apart. */
const ADDRESSES = 10_000;
/** Stands for all that come when there are so many. */
const OTHERS = 'others';

export interface RateLimitOptions {
  /** Requests of a client in a second; 0 for any number. */
  readonly perSecond: number;
  /** Tokens of a client in a minute that were none; 0 for any number. */
  readonly badTokensPerMinute: number;
  readonly onLimited: (reason: 'requests' | 'tokens') => void;
}

/**
 * The address of a client, nothing for a run in this process: its requests are bounded elsewhere. Of an
 * IPv6 address, the network (/64): a machine has all the addresses in it.
 */
export function clientOf(ctx: ApiContext): string | undefined {
  const address = ctx.req.socket.remoteAddress ?? '';
  if (address === IN_PROCESS) return undefined;
  if (!address.includes(':')) return address;
  if (address.startsWith('::ffff:')) return address.slice(7);
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const groups = head.split(':').filter(Boolean);
  const after = tail?.split(':').filter(Boolean) ?? [];
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - after.length) }, () => '0');
  return [...groups, ...zeros, ...after].slice(0, 4).join(':');
}

/** Counts by address in windows of time that begin with their first event. */
class Windows {
  readonly #ms: number;
  readonly #open = new Map<string, { count: number; readonly endsAt: number }>();

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** @returns how many there have been in the window, and when it ends; none is open without a count */
  of(address: string): { readonly count: number; readonly endsAt: number } | undefined {
    if (this.#open.size === 0) return undefined;
    const window = this.#open.get(address) ?? (this.#open.size >= ADDRESSES ? this.#open.get(OTHERS) : undefined);
    return window && window.endsAt > performance.now() ? window : undefined;
  }

  add(address: string): { readonly count: number; readonly endsAt: number } {
    const now = performance.now();
    const present = this.#open.get(address);
    if (present && present.endsAt > now) {
      present.count++;
      return present;
    }
    this.#open.delete(address);
    if (this.#open.size >= ADDRESSES) this.#sweep(now);
    if (this.#open.size >= ADDRESSES && address !== OTHERS) return this.add(OTHERS);
    const window = { count: 1, endsAt: now + this.#ms };
    this.#open.set(address, window);
    return window;
  }

  /** All windows are as long as each other: those that ended stand first. */
  #sweep(now: number): void {
    for (const [address, { endsAt }] of this.#open) {
      if (endsAt > now) return;
      this.#open.delete(address);
    }
  }
}

/** @throws RequestError `rate_limited` beyond so many requests in a second */
export function limitRate({ perSecond, onLimited }: RateLimitOptions): Middleware {
  if (perSecond === 0) return (_ctx, next) => next();
  const windows = new Windows(SECOND_MS);
  return (ctx, next) => {
    const client = clientOf(ctx as ApiContext);
    if (client === undefined) return next();
    const { count, endsAt } = windows.add(client);
    if (count <= perSecond) return next();
    onLimited('requests');
    throw tooMany(`More than ${perSecond} requests in a second.`, endsAt);
  };
}

/**
 * Guesses of a token. From an address that has made too many, not even the right one is taken until the
 * minute is over, or each reply would tell whether a guess was right; but an address that the administrator
 * has come from goes on: nobody can shut them out by guessing beside them, behind the same proxy say.
 */
export class FailedAuthentications {
  readonly #perMinute: number;
  readonly #onLimited: RateLimitOptions['onLimited'];
  readonly #bad = new Windows(MINUTE_MS);
  readonly #known = new Set<string>();

  constructor({ badTokensPerMinute, onLimited }: RateLimitOptions) {
    this.#perMinute = badTokensPerMinute === 0 ? Number.POSITIVE_INFINITY : badTokensPerMinute;
    this.#onLimited = onLimited;
  }

  /** @throws RequestError `rate_limited` */
  assertMayTry(client: string): void {
    if (!this.#known.has(client)) this.#assertFew(client);
  }

  /** A token that was none. @throws RequestError `rate_limited` if there have been too many */
  failed(client: string): void {
    this.#assertFew(client);
    this.#bad.add(client);
  }

  succeeded(client: string): void {
    if (this.#known.has(client)) return;
    if (this.#known.size >= ADDRESSES) this.#known.clear();
    this.#known.add(client);
  }

  #assertFew(client: string): void {
    const window = this.#bad.of(client);
    if (!window || window.count < this.#perMinute) return;
    this.#onLimited('tokens');
    throw tooMany('Too many requests with a token that is not valid.', window.endsAt);
  }
}

function tooMany(message: string, endsAt: number): Error {
  return requestError('rate_limited', { message, retryAfterMs: Math.max(1, endsAt - performance.now()) });
}
