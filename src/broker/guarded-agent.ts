/** The connections of one connector to the outside. Loaded with its imports at the first request. */
import { Agent } from 'undici';
import { type GuardedConnectOptions, guardedConnect } from './guarded-connect.ts';
import type { OutboundLimits } from './outbound-limits.ts';

/** `fresh` opens a connection for each request; `kept` reuses them. */
export interface GuardedAgents {
  readonly kept: Agent;
  readonly fresh: Agent;
}

export function guardedAgents(
  limits: OutboundLimits,
  guarded: Omit<GuardedConnectOptions, 'connectMs'>,
): GuardedAgents {
  return { kept: guardedAgent(limits, guarded, 1), fresh: guardedAgent(limits, guarded, 0) };
}

/** @param pipelining requests on a connection at once; 0 closes it after the first */
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
    // The request's own deadlines hold, to the millisecond.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}
