/**
 * Outbound requests of connectors. Two checks decide what a request may reach: the manifest's permissions on its origin
 * and on that of each redirect, and the operator's address guard on the address it connects to.
 */
import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Dispatcher } from 'undici';
import { FairSemaphore } from '../../sandbox/index.ts';
import type { Trace } from '../trace-context.ts';
import { AddressGuard } from './address-guard.ts';
import { BrokerError } from './broker-error.ts';
import { exchange, type ResponseHead } from './exchange.ts';
import type { GuardedAgents } from './guarded-agent.ts';
import { isStaleConnection } from './keep-alive-connection.ts';
import { OriginPermissions } from './origin-permissions.ts';
import { toBrokerError } from './outbound-failure.ts';
import { type OutboundLimits, outboundLimits } from './outbound-limits.ts';
import { firstHop, type Hop, isRedirect, nextHop, type OutboundRequest, parseUrl } from './outbound-request.ts';
import { type HeaderPair, withDefaults } from './request-headers.ts';
import { readBody } from './response-body.ts';
import { withTrace } from './trace-headers.ts';

export interface OutboundResponse {
  /** The final URL, without fragment. */
  readonly url: string;
  readonly status: number;
  readonly statusText: string;
  /** As received, even if the body was decompressed. Names in lower case. */
  readonly headers: readonly HeaderPair[];
  /** Decompressed. */
  readonly body: Buffer;
  readonly redirected: boolean;
}

export interface OutboundGrant {
  readonly connectorId: string;
  readonly permissions: readonly string[];
  readonly trace?: Trace | undefined;
}

export interface Outbound {
  /** @throws BrokerError and nothing else; `cancelled` when the signal aborts */
  fetch(request: OutboundRequest, grant: OutboundGrant, signal: AbortSignal): Promise<OutboundResponse>;
  /** Ends all connections and requests. Idempotent. */
  close(): Promise<void>;
}

export interface OutboundOptions {
  /** Comma-separated host names, addresses and CIDR ranges that are allowed although they are not public. */
  readonly allowPrivateNetwork?: string;
  readonly limits?: Partial<OutboundLimits>;
  /** Name resolution; by default the system's. */
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
  /** By connector: no two share a connection, so that nothing one sent on it can affect the other. */
  readonly #agents = new Map<string, Promise<GuardedAgents>>();
  readonly #inFlight = new Set<AbortController>();
  /** Cache by manifest: parsing a hundred patterns takes longer than the rest of a request. */
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
    const url = parseUrl(request, this.#limits);
    origins.assertPermitted(url);
    const hop = firstHop(url, request, this.#limits);
    const first = { ...hop, headers: withTrace(hop.headers, grant.trace) };

    const controller = new AbortController();
    const end = (): void => controller.abort(new BrokerError('cancelled', 'The run has ended.'));
    if (signal.aborted || this.#closing) end();
    signal.addEventListener('abort', end, { once: true });
    this.#inFlight.add(controller);
    let release: (() => void) | undefined;
    let deadline: NodeJS.Timeout | undefined;
    try {
      release = await this.#requests.acquire(grant.connectorId, controller.signal);
      deadline = abortAfter(this.#limits.totalMs, controller, 'The request took too long.');
      const agents = await this.#agentsOf(grant.connectorId);
      return await this.#follow(first, request.redirect ?? 'follow', origins, agents, controller);
    } catch (error) {
      // An abort may surface as any error; its reason is the true one.
      const failure = controller.signal.aborted ? controller.signal.reason : toBrokerError(error);
      // Also ends whatever part of the request is still open.
      controller.abort(failure);
      throw failure;
    } finally {
      clearTimeout(deadline);
      release?.();
      this.#inFlight.delete(controller);
      signal.removeEventListener('abort', end);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const controller of this.#inFlight)
      controller.abort(new BrokerError('cancelled', 'The runtime is shutting down.'));
    const agents = await Promise.all(this.#agents.values());
    await Promise.all(agents.flatMap(({ pooled, singleUse }) => [pooled.destroy(), singleUse.destroy()]));
    this.#agents.clear();
  }

  async #follow(
    first: Hop,
    redirect: 'follow' | 'manual' | 'error',
    origins: OriginPermissions,
    agents: GuardedAgents,
    controller: AbortController,
  ): Promise<OutboundResponse> {
    let hop = first;
    for (let redirects = 0; ; redirects++) {
      const { status, statusText, headers, body } = await this.#send(agents, hop, controller);
      const next = isRedirect(status) && redirect !== 'manual' ? nextHop(hop, status, headers) : undefined;
      if (!next) {
        const encoding = headers.filter(([name]) => name === 'content-encoding').map(([, value]) => value);
        const bytes = await readBody(body, encoding.join(','), this.#limits.responseBytes);
        const url = hop.url.href.slice(0, hop.url.href.length - hop.url.hash.length);
        return { url, status, statusText, headers, body: bytes, redirected: redirects > 0 };
      }
      // Only the redirect's headers matter.
      body.destroy();
      if (redirect === 'error') throw new BrokerError('request_failed', 'The server answered with a redirect.');
      if (redirects === this.#limits.redirects) {
        throw new BrokerError('too_many_redirects', `The server redirected more than ${this.#limits.redirects} times.`);
      }
      origins.assertPermitted(next.url);
      hop = next;
    }
  }

  async #send(agents: GuardedAgents, hop: Hop, controller: AbortController): Promise<ResponseHead> {
    const { url, method, headers, body } = hop;
    const path = url.pathname + url.search;
    const request = { origin: url.origin, path, method, headers: withDefaults(headers).flat(), body };
    const headersTimer = abortAfter(this.#limits.headersMs, controller, 'The server took too long to answer.');
    try {
      return await exchangeWithRetry(agents, request, controller.signal);
    } finally {
      clearTimeout(headersTimer);
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

  /** Loads undici at the first request: it would take most of the start time and a quarter of its memory. */
  async #makeAgents(owner: string): Promise<GuardedAgents> {
    const { guardedAgents } = await import('./guarded-agent.ts');
    return guardedAgents(this.#limits, { guard: this.#guard, lookup: this.#lookup, lookups: this.#lookups, owner });
  }
}

/** Methods that may be sent twice (RFC 9110, 9.2.2). */
const IDEMPOTENT: readonly string[] = ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'];

/** A server may close an idle connection just as a request goes out on it. Retries once, on a new connection. */
async function exchangeWithRetry(
  { pooled, singleUse }: GuardedAgents,
  request: Dispatcher.DispatchOptions,
  signal: AbortSignal,
): Promise<ResponseHead> {
  try {
    return await exchange(pooled, request, signal);
  } catch (error) {
    if (!isStaleConnection(error) || signal.aborted || !IDEMPOTENT.includes(request.method)) throw error;
    return exchange(singleUse, request, signal);
  }
}

function abortAfter(ms: number, controller: AbortController, message: string): NodeJS.Timeout {
  return setTimeout(() => controller.abort(new BrokerError('request_timeout', message)), ms);
}
