/**
 * Requests of connectors to the world outside. What a request may reach is decided twice: its origin, and
 * that of each redirect, by the manifest; the address that is connected to, by the operator.
 */
import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Dispatcher } from 'undici';
import type { Trace } from '../trace-context.ts';
import { FairSemaphore } from '../work/fair-semaphore.ts';
import { AddressGuard } from './address-guard.ts';
import { Denied } from './denied.ts';
import { exchange, type ResponseHead } from './exchange.ts';
import type { GuardedAgents } from './guarded-agent.ts';
import { isStaleConnection } from './keep-alive-connection.ts';
import { OriginPermissions } from './origin-permissions.ts';
import { failureOf } from './outbound-failure.ts';
import { type OutboundLimits, outboundLimits } from './outbound-limits.ts';
import { addressOf, firstHop, type Hop, isRedirect, type OutboundRequest, redirected } from './outbound-request.ts';
import { type HeaderPair, withDefaults } from './request-headers.ts';
import { readBody } from './response-body.ts';
import { withTrace } from './trace-headers.ts';

export interface OutboundResponse {
  /** Of the last redirect, without fragment. */
  readonly url: string;
  readonly status: number;
  readonly statusText: string;
  /** As they came, of an unpacked body too; names in lower case. */
  readonly headers: readonly HeaderPair[];
  /** Unpacked. */
  readonly body: Buffer;
  readonly redirected: boolean;
}

/** Who asks, and which origins their manifest names. */
export interface OutboundGrant {
  readonly connectorId: string;
  readonly permissions: readonly string[];
  /** What the requests are part of. */
  readonly trace?: Trace | undefined;
}

export interface Outbound {
  /** @throws Denied and nothing else; the signal ends it with `cancelled` */
  fetch(request: OutboundRequest, grant: OutboundGrant, signal: AbortSignal): Promise<OutboundResponse>;
  /** Ends all connections and requests. Idempotent. */
  close(): Promise<void>;
}

export interface OutboundOptions {
  /** Comma list of host names, addresses and CIDR ranges that are reached though they are not public. */
  readonly allowPrivateNetwork?: string;
  readonly limits?: Partial<OutboundLimits>;
  /** How names are resolved; by default as the system does. */
  readonly lookup?: LookupFunction;
}

/**
 * @example
 * const outbound = createOutbound({ allowPrivateNetwork: 'erp.internal' });
 * const grant = { connectorId: 'c1', permissions: ['https://erp.internal'] };
 * const request = { url: 'https://erp.internal/orders', method: 'GET', headers: [], body: null };
 * const { status } = await outbound.fetch(request, grant, AbortSignal.timeout(5_000));
 * await outbound.close();
 */
export function createOutbound(options: OutboundOptions = {}): Outbound {
  return new UndiciOutbound(options);
}

class UndiciOutbound implements Outbound {
  readonly #limits: OutboundLimits;
  readonly #guard: AddressGuard;
  readonly #lookup: LookupFunction;
  readonly #requests: FairSemaphore;
  readonly #lookups: FairSemaphore;
  /** Connectors share no connection: what one has said over it must mean nothing for another. */
  readonly #agents = new Map<string, Promise<GuardedAgents>>();
  readonly #inFlight = new Set<AbortController>();
  /** Of each manifest: to read a hundred patterns takes longer than the rest of a request. */
  readonly #origins = new WeakMap<readonly string[], OriginPermissions>();
  #closing: Promise<void> | undefined;

  constructor({ allowPrivateNetwork = '', limits, lookup: given = lookup }: OutboundOptions) {
    this.#limits = { ...outboundLimits, ...limits };
    this.#guard = new AddressGuard(allowPrivateNetwork);
    this.#lookup = given;
    this.#requests = new FairSemaphore(this.#limits.requestsAtOnce);
    this.#lookups = new FairSemaphore(this.#limits.lookupsAtOnce);
  }

  async fetch(request: OutboundRequest, grant: OutboundGrant, signal: AbortSignal): Promise<OutboundResponse> {
    const origins = this.#originsOf(grant.permissions);
    const url = addressOf(request, this.#limits);
    origins.assertPermitted(url);
    const hop = firstHop(url, request, this.#limits);
    const first = { ...hop, headers: withTrace(hop.headers, grant.trace) };

    const ending = new AbortController();
    const end = (): void => ending.abort(new Denied('cancelled', 'The run has ended.'));
    if (signal.aborted || this.#closing) end();
    signal.addEventListener('abort', end, { once: true });
    this.#inFlight.add(ending);
    let leave: (() => void) | undefined;
    let deadline: NodeJS.Timeout | undefined;
    try {
      leave = await this.#requests.enter(grant.connectorId, ending.signal);
      deadline = endAfter(this.#limits.totalMs, ending, 'The request took too long.');
      const agents = await this.#agentsOf(grant.connectorId);
      return await this.#follow(first, request.redirect ?? 'follow', origins, agents, ending);
    } catch (error) {
      // Whatever the end of the request has broken, it is why.
      const failure = ending.signal.aborted ? ending.signal.reason : failureOf(error);
      // What is still open of it ends as well.
      ending.abort(failure);
      throw failure;
    } finally {
      clearTimeout(deadline);
      leave?.();
      this.#inFlight.delete(ending);
      signal.removeEventListener('abort', end);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const ending of this.#inFlight) ending.abort(new Denied('cancelled', 'The runtime is shutting down.'));
    const agents = await Promise.all(this.#agents.values());
    await Promise.all(agents.flatMap(({ kept, fresh }) => [kept.destroy(), fresh.destroy()]));
    this.#agents.clear();
  }

  async #follow(
    first: Hop,
    redirect: 'follow' | 'manual' | 'error',
    origins: OriginPermissions,
    agents: GuardedAgents,
    ending: AbortController,
  ): Promise<OutboundResponse> {
    let hop = first;
    for (let redirects = 0; ; redirects++) {
      const { status, statusText, headers, body } = await this.#send(agents, hop, ending);
      const next = isRedirect(status) && redirect !== 'manual' ? redirected(hop, status, headers) : undefined;
      if (!next) {
        const encoding = headers.filter(([name]) => name === 'content-encoding').map(([, value]) => value);
        const bytes = await readBody(body, encoding.join(','), this.#limits.responseBytes);
        const url = hop.url.href.slice(0, hop.url.href.length - hop.url.hash.length);
        return { url, status, statusText, headers, body: bytes, redirected: redirects > 0 };
      }
      // Nobody reads what a redirect says besides its place.
      body.destroy();
      if (redirect === 'error') throw new Denied('request_failed', 'The server answered with a redirect.');
      if (redirects === this.#limits.redirects) {
        throw new Denied('too_many_redirects', `More than ${this.#limits.redirects} redirects.`);
      }
      origins.assertPermitted(next.url);
      hop = next;
    }
  }

  async #send(agents: GuardedAgents, hop: Hop, ending: AbortController): Promise<ResponseHead> {
    const { url, method, headers, body } = hop;
    const path = url.pathname + url.search;
    const request = { origin: url.origin, path, method, headers: withDefaults(headers).flat(), body };
    const waiting = endAfter(this.#limits.headersMs, ending, 'The server took too long to answer.');
    try {
      return await exchangeOrRepeat(agents, request, ending.signal);
    } finally {
      clearTimeout(waiting);
    }
  }

  #originsOf(permissions: readonly string[]): OriginPermissions {
    let origins = this.#origins.get(permissions);
    if (!origins) {
      origins = new OriginPermissions(permissions);
      this.#origins.set(permissions, origins);
    }
    return origins;
  }

  #agentsOf(connectorId: string): Promise<GuardedAgents> {
    const present = this.#agents.get(connectorId);
    if (present) return present;
    const agents = this.#makeAgents(connectorId);
    this.#agents.set(connectorId, agents);
    return agents;
  }

  /** The library comes with the first request: most of a start, and a quarter of its memory, would go into it. */
  async #makeAgents(owner: string): Promise<GuardedAgents> {
    const { guardedAgents } = await import('./guarded-agent.ts');
    return guardedAgents(this.#limits, { guard: this.#guard, lookup: this.#lookup, lookups: this.#lookups, owner });
  }
}

/** Methods that may be sent twice (RFC 9110, 9.2.2). */
const IDEMPOTENT: readonly string[] = ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'];

/** A server may close an idle connection just as a request is sent on it: then once more, on a new connection. */
async function exchangeOrRepeat(
  { kept, fresh }: GuardedAgents,
  request: Dispatcher.DispatchOptions,
  signal: AbortSignal,
): Promise<ResponseHead> {
  try {
    return await exchange(kept, request, signal);
  } catch (error) {
    if (!isStaleConnection(error) || signal.aborted || !IDEMPOTENT.includes(request.method)) throw error;
    return exchange(fresh, request, signal);
  }
}

function endAfter(ms: number, ending: AbortController, sentence: string): NodeJS.Timeout {
  return setTimeout(() => ending.abort(new Denied('request_timeout', sentence)), ms);
}
