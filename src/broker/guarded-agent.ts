/** Connection pools of one connector. Loaded, together with undici, at the first outbound request. */
import { Agent } from 'undici';
import { type GuardedConnectOptions, guardedConnect } from './guarded-connect.ts';
import type { OutboundLimits } from './outbound-limits.ts';

/** `pooled` reuses connections; `singleUse` opens one per request. */
export interface GuardedAgents {
  readonly pooled: Agent;
  readonly singleUse: Agent;
}

export function guardedAgents(
  limits: OutboundLimits,
  guarded: Omit<GuardedConnectOptions, 'connectMs'>,
): GuardedAgents {
  return { pooled: guardedAgent(limits, guarded, 1), singleUse: guardedAgent(limits, guarded, 0) };
}

/** @param pipelining requests at once on a connection; 0 closes the connection after its first request */
function guardedAgent(
  limits: OutboundLimits,
  guarded: Omit<GuardedConnectOptions, 'connectMs'>,
  pipelining: 0 | 1,
): Agent {
  const { connectMs, connectionsPerOrigin, keepAliveMs, responseHeaderBytes } = limits;
  return new Agent({
    allowH2: false,
    pipelining,
    connections: connectionsPerOrigin,
    connect: guardedConnect({ ...guarded, connectMs }),
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: keepAliveMs,
    maxHeaderSize: responseHeaderBytes,
    // Outbound requests have more precise deadlines of their own.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}
