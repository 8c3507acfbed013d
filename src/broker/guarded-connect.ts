/**
 * Opens connections to permitted addresses only. It connects to the very address that it checked, so resolving the name
 * differently a moment later (DNS rebinding) gains nothing.
 */
import type { LookupAddress, LookupOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import type { FairSemaphore } from '../../sandbox/index.ts';
import type { AddressGuard } from './address-guard.ts';
import { BrokerError } from './broker-error.ts';
import { prepareConnection } from './keep-alive-connection.ts';

/** How long to try one address of a server before the next. */
const ADDRESS_ATTEMPT_MS = 1_000;

export interface GuardedConnectOptions {
  readonly guard: AddressGuard;
  readonly lookup: LookupFunction;
  /** Limits name resolution, which uses threads that all connectors share. */
  readonly lookups: FairSemaphore;
  /** Owner for `lookups`. */
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
  // Does not name the resolved address, which would reveal the operator's network.
  const notPermitted = (hostname: string): BrokerError =>
    new BrokerError(
      'permission_denied',
      `fetch to ${hostname} is not permitted: it is not on the public network, and BULKHEAD_ALLOW_PRIVATE_NETWORK does not allow it`,
    );

  async function permittedAddresses(hostname: string, options: LookupOptions): Promise<LookupAddress[]> {
    const release = await lookups.acquire(owner, AbortSignal.timeout(connectMs)).catch(() => {
      throw new BrokerError('request_timeout', 'The host name took too long to resolve.');
    });
    const resolved = await new Promise<LookupAddress[]>((resolve, reject) => {
      lookup(hostname, { ...options, all: true }, (error, addresses, family = 0) => {
        if (error) reject(error);
        else resolve(typeof addresses === 'string' ? [{ address: addresses, family }] : addresses);
      });
    }).finally(release);
    const permitted = guard.allowsName(hostname)
      ? resolved
      : resolved.filter(({ address }) => guard.allowsAddress(address));
    if (permitted.length === 0) throw notPermitted(hostname);
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
    // An address in the URL is not looked up, so it is checked here.
    if (isIP(hostname) !== 0 && !guard.allowsAddress(hostname)) callback(notPermitted(hostname), null);
    else {
      connect(options, (...[error, socket]) => {
        if (error !== null) return callback(error, null);
        prepareConnection(socket);
        callback(null, socket);
      });
    }
  };
}
