/** 429: requests per second, and failed authentications per minute. A client is an address. */
import type { Middleware } from 'koa';
import { IN_PROCESS } from '../broker/platform-api.ts';
import { requestError } from '../errors.ts';
import type { ApiContext } from './context.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** Addresses counted separately. */
const ADDRESSES_MAX = 10_000;
/** All further addresses count as this one. */
const OTHERS = 'others';

export interface RateLimitOptions {
  /** Requests per client per second before 429; 0: no limit. */
  readonly perSecond: number;
  /** Failed authentications per client per minute before 429; 0: no limit. */
  readonly badTokensPerMinute: number;
  readonly onLimited: (reason: 'requests' | 'tokens') => void;
}

/**
 * The client's address; undefined for in-process requests of runs, which are limited elsewhere. For IPv6 it is the
 * network (/64): a machine has all the addresses in it.
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

/** Counts per address, in windows that start with their first event. */
class Windows {
  readonly #ms: number;
  readonly #open = new Map<string, { count: number; readonly endsAt: number }>();

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** The address's open window, if it has one. */
  of(address: string): { readonly count: number; readonly endsAt: number } | undefined {
    if (this.#open.size === 0) return undefined;
    const window = this.#open.get(address) ?? (this.#open.size >= ADDRESSES_MAX ? this.#open.get(OTHERS) : undefined);
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
    if (this.#open.size >= ADDRESSES_MAX) this.#sweep(now);
    if (this.#open.size >= ADDRESSES_MAX && address !== OTHERS) return this.add(OTHERS);
    const window = { count: 1, endsAt: now + this.#ms };
    this.#open.set(address, window);
    return window;
  }

  /** Deletes closed windows. All are equally long, so the oldest are first in the map. */
  #sweep(now: number): void {
    for (const [address, { endsAt }] of this.#open) {
      if (endsAt > now) return;
      this.#open.delete(address);
    }
  }
}

/** @throws RequestError `rate_limited` */
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
 * Limits how often a client may guess tokens. Past the limit even the right token is refused until the minute is
 * over; otherwise replies would confirm a guess. Addresses with a right token before are exempt: nobody behind the same
 * proxy can lock the administrator, or the sender of a webhook, out by guessing.
 */
export class FailedAuthentications {
  readonly #perMinute: number;
  readonly #onLimited: RateLimitOptions['onLimited'];
  readonly #failures = new Windows(MINUTE_MS);
  readonly #exempt = new Set<string>();

  constructor({ badTokensPerMinute, onLimited }: RateLimitOptions) {
    this.#perMinute = badTokensPerMinute === 0 ? Number.POSITIVE_INFINITY : badTokensPerMinute;
    this.#onLimited = onLimited;
  }

  /** @throws RequestError `rate_limited` */
  assertMayTry(client: string): void {
    if (!this.#exempt.has(client)) this.#assertFew(client);
  }

  /** Counts a failure. @throws RequestError `rate_limited` if there were too many before */
  failed(client: string): void {
    this.#assertFew(client);
    this.#failures.add(client);
  }

  succeeded(client: string): void {
    if (this.#exempt.has(client)) return;
    if (this.#exempt.size >= ADDRESSES_MAX) this.#exempt.clear();
    this.#exempt.add(client);
  }

  #assertFew(client: string): void {
    const window = this.#failures.of(client);
    if (!window || window.count < this.#perMinute) return;
    this.#onLimited('tokens');
    throw tooMany('Too many requests with a token that is not valid.', window.endsAt);
  }
}

function tooMany(message: string, endsAt: number): Error {
  return requestError('rate_limited', { message, retryAfterMs: Math.max(1, endsAt - performance.now()) });
}
