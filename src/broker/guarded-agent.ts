/** The connections of one connector to the outside. With what it imports, loaded for the first request. */
import { Agent } from 'undici';
import { type GuardedConnectOptions, guardedConnect } from './guarded-connect.ts';
import type { OutboundLimits } from './outbound-limits.ts';

export function guardedAgent(limits: OutboundLimits, guarded: Omit<GuardedConnectOptions, 'connectMs'>): Agent {
  const { connectMs, connectionsPerOrigin, keepAliveMs, responseHeaderBytes } = limits;
  return new Agent({
    allowH2: false,
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
