/** Bearer tokens for one run: what they reach, and until when (contract 1 and 3). */
import { hash, randomUUID } from 'node:crypto';
import type { UnitOfWork } from '../store/unit-of-work.ts';

const LIFETIME_MS = 15 * 60_000;

/** What a run may do, and in which unit of work it does it. */
export interface Grant {
  readonly runId: string;
  readonly connectorId: string;
  readonly integrationId: string;
  readonly unit: UnitOfWork;
  readonly expiresAt: number;
  /** False once the run has ended: a request that was let in before writes nothing any more. */
  isLive: boolean;
}

export class OneTimeTokens {
  /** By the token's hash: a lookup's timing says nothing of the token. */
  readonly #grants = new Map<string, Grant>();

  issue(granted: Omit<Grant, 'expiresAt' | 'isLive'>): { token: string; revoke: () => void } {
    // 122 random bits, from a pool that the platform keeps filled.
    const token = randomUUID();
    const key = hash('sha256', token);
    const grant: Grant = { ...granted, expiresAt: Date.now() + LIFETIME_MS, isLive: true };
    this.#grants.set(key, grant);
    const revoke = (): void => {
      grant.isLive = false;
      this.#grants.delete(key);
    };
    return { token, revoke };
  }

  find(token: string): Grant | undefined {
    const grant = this.#grants.get(hash('sha256', token));
    return grant && grant.expiresAt > Date.now() ? grant : undefined;
  }
}
