/**
 * Opens connections to permitted addresses alone. The address that was checked is the one that is connected
 * to: a name that resolves differently a moment later gains nothing.
 */
import type { LookupAddress, LookupOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import type { FairSemaphore } from '../work/fair-semaphore.ts';
import type { AddressGuard } from './address-guard.ts';
import { Denied } from './denied.ts';
import { prepareConnection } from './keep-alive-connection.ts';

/** A server with several addresses gets this long for each before the next is tried. */
const ADDRESS_ATTEMPT_MS = 1_000;

export interface GuardedConnectOptions {
  readonly guard: AddressGuard;
  readonly lookup: LookupFunction;
  /** Name resolution occupies threads that all connectors share. */
  readonly lookups: FairSemaphore;
  /** Who connects, for their turn in `lookups`. */
  readonly owner: string;
  readonly connectMs: number;
}

export function guardedConnect({
  guard,
  lookup,
  lookups,
  owner,
  connectMs,
}: GuardedConnectOptions): buildConnector.connector {
  // The resolved address stays unsaid: it would tell the connector about the operator's network.
  const closed = (hostname: string): Denied =>
    new Denied(
      'permission_denied',
      `fetch to ${hostname} is not permitted: it is not on the public network, and BULKHEAD_ALLOW_PRIVATE_NETWORK does not open it`,
    );

  async function permittedAddresses(hostname: string, options: LookupOptions): Promise<LookupAddress[]> {
    // Nobody waits for the connection any longer than that.
    const leave = await lookups.enter(owner, AbortSignal.timeout(connectMs)).catch(() => {
      throw new Denied('request_timeout', 'The host name took too long to resolve.');
    });
    const found = await new Promise<LookupAddress[]>((resolve, reject) => {
      lookup(hostname, { ...options, all: true }, (error, addresses, family = 0) => {
        if (error) reject(error);
        else resolve(typeof addresses === 'string' ? [{ address: addresses, family }] : addresses);
      });
    }).finally(leave);
    const permitted = guard.opensName(hostname) ? found : found.filter(({ address }) => guard.permits(address));
    if (permitted.length === 0) throw closed(hostname);
    return permitted;
  }

  const connect = buildConnector({
    allowH2: false,
    timeout: connectMs,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_MS,
    lookup(hostname, options, callback) {
      permittedAddresses(hostname, options).then(
        (addresses) => {
          const [{ address, family } = { address: '', family: 0 }] = addresses;
          if (options.all) callback(null, addresses);
          else callback(null, address, family);
        },
        (error) => callback(error, []),
      );
    },
  });

  return (options, callback) => {
    const { hostname } = options;
    // An address is connected to without being looked up.
    if (isIP(hostname) !== 0 && !guard.permits(hostname)) callback(closed(hostname), null);
    else {
      connect(options, (...[error, socket]) => {
        if (error !== null) return callback(error, null);
        prepareConnection(socket);
        callback(null, socket);
      });
    }
  };
}
