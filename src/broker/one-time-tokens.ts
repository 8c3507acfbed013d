/** Bearer tokens for one run: what they reach, and until when (contract 1 and 3). */
import { randomUUID, timingSafeEqual } from 'node:crypto';
import { ById } from '../../sandbox/index.ts';
import type { UnitOfWork } from '../store/unit-of-work.ts';

const LIFETIME_MS = 15 * 60_000;

/** In a time that tells nothing but the length. */
export function isSameSecret(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** What a run may do, in which unit of work it does it, and what the runtime has spent on it. */
export class Grant {
  readonly runId: string;
  readonly connectorId: string;
  readonly integrationId: string;
  readonly unit: UnitOfWork;
  /** Whether what it changes is committed when it succeeds, or each request by itself. */
  readonly isTransactional: boolean;
  readonly expiresAt = Date.now() + LIFETIME_MS;
  /** CPU time of the runtime for what the run has asked, in milliseconds. */
  cpuMs = 0;
  /** Told of each part of it. */
  onCharged: ((cpuMs: number) => void) | undefined;
  /** A clock that is set during the run changes nothing. */
  readonly #deadlineMs = performance.now() + LIFETIME_MS;
  /** False once the run has ended: a request that was let in before writes nothing any more. */
  isLive = true;
  /** Most runs ask for nothing that would have to be given up; to make one, and its error, takes longer than the rest. */
  #ending: AbortController | undefined;

  constructor({ runId, connectorId, integrationId, unit, isTransactional }: Granted) {
    this.runId = runId;
    this.connectorId = connectorId;
    this.integrationId = integrationId;
    this.unit = unit;
    this.isTransactional = isTransactional;
  }

  get isExpired(): boolean {
    return this.#deadlineMs <= performance.now();
  }

  /** Aborted when the run has ended. */
  get signal(): AbortSignal {
    this.#ending ??= new AbortController();
    if (!this.isLive) this.#ending.abort();
    return this.#ending.signal;
  }

  get owner(): string {
    return this.connectorId;
  }

  charge(cpuMs: number): void {
    if (cpuMs <= 0) return;
    this.cpuMs += cpuMs;
    this.onCharged?.(cpuMs);
  }

  end(): void {
    this.isLive = false;
    this.#ending?.abort();
  }
}

type Granted = Pick<Grant, 'runId' | 'connectorId' | 'integrationId' | 'unit' | 'isTransactional'>;

interface Issued {
  readonly grant: Grant;
  readonly secret: string;
}

export class OneTimeTokens {
  readonly #grants = new ById<Issued>();

  /** A token is the run's id, by which it is found, and 122 random bits, which are compared in constant time. */
  issue(granted: Granted): {
    grant: Grant;
    token: string;
    revoke: () => void;
    /** Takes the token out of a text, and its secret half. */
    redact: (text: string) => string;
  } {
    const { runId } = granted;
    const grant = new Grant(granted);
    const secret = randomUUID();
    this.#grants.set(runId, { grant, secret });
    const revoke = (): void => {
      grant.end();
      this.#grants.delete(runId);
    };
    const token = `${runId}.${secret}`;
    const redact = (text: string): string => text.replaceAll(token, '[redacted]').replaceAll(secret, '[redacted]');
    return { grant, token, revoke, redact };
  }

  find(token: string): Grant | undefined {
    const [runId = '', secret = ''] = token.split('.');
    const found = this.#grants.get(runId);
    if (!found) return undefined;
    if (!isSameSecret(secret, found.secret)) return undefined;
    return found.grant.isExpired ? undefined : found.grant;
  }
}
