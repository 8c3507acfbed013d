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
}

export class OneTimeTokens {
  /** By the token's hash: a lookup's timing says nothing of the token. */
  readonly #grants = new Map<string, Grant>();

  issue(grant: Omit<Grant, 'expiresAt'>): { token: string; revoke: () => void } {
    // 122 random bits, from a pool that the platform keeps filled.
    const token = randomUUID();
    const key = hash('sha256', token);
    this.#grants.set(key, { ...grant, expiresAt: Date.now() + LIFETIME_MS });
    return { token, revoke: () => this.#grants.delete(key) };
  }

  find(token: string): Grant | undefined {
    const grant = this.#grants.get(hash('sha256', token));
    return grant && grant.expiresAt > Date.now() ? grant : undefined;
  }
}
