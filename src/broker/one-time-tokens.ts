/** Bearer tokens of runs: what each may do, and until when (contract 1 and 3). */
import { hash, randomUUID, timingSafeEqual } from 'node:crypto';
import { ById } from '../../sandbox/index.ts';
import type { UnitOfWork } from '../store/unit-of-work.ts';
import { RunAccount } from './run-account.ts';

const LIFETIME_MS = 15 * 60_000;

/** Constant-time comparison. Reveals only whether the lengths are equal. */
export function isSameSecret(candidate: string, expected: string): boolean {
  const [a, b] = [Buffer.from(candidate), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** What a run may do, its unit of work, and the account that its work is charged to. */
export class Grant {
  readonly runId: string;
  readonly connectorId: string;
  readonly integrationId: string;
  readonly account: RunAccount;
  readonly unit: UnitOfWork;
  /** True: changes are committed when the run succeeds. False: after each request. */
  readonly isTransactional: boolean;
  readonly expiresAt = Date.now() + LIFETIME_MS;
  /** Monotonic, so that setting the clock changes nothing. */
  readonly #deadlineMs = performance.now() + LIFETIME_MS;
  /** False once the run has ended. A request still in progress may no longer write. */
  isLive = true;
  /** Made on demand: few runs need it, and it costs more than the rest of a grant. */
  #ending: AbortController | undefined;

  constructor({ runId, connectorId, integrationId, unit, isTransactional }: GrantFields) {
    this.runId = runId;
    this.connectorId = connectorId;
    this.account = new RunAccount(connectorId);
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

  end(): void {
    this.isLive = false;
    this.#ending?.abort();
  }
}

type GrantFields = Pick<Grant, 'runId' | 'connectorId' | 'integrationId' | 'unit' | 'isTransactional'>;

interface IssuedToken {
  readonly grant: Grant;
  readonly secret: string;
}

const NODE_TAG = /^[0-9a-f]{24}\.([0-9a-f]{8})-/;

/** Tells a node's tokens from those of others. */
const nodeTagOf = (node: string): string => hash('sha256', node).slice(0, 8);

export class OneTimeTokens {
  readonly #grants = new ById<IssuedToken>();
  readonly #nodeTag: string;
  readonly #otherNodes: () => Iterable<string>;

  /** @param node this node's name @param otherNodes names of those that share its storage */
  constructor(node = '', otherNodes: () => Iterable<string> = () => []) {
    this.#nodeTag = nodeTagOf(node);
    this.#otherNodes = otherNodes;
  }

  /** A token is the run's id, for look-up, the node's tag, and 122 random bits, compared in constant time. */
  issue(fields: GrantFields): {
    grant: Grant;
    token: string;
    revoke: () => void;
    /** Removes the token, and its secret half, from a text. */
    redact: (text: string) => string;
  } {
    const { runId } = fields;
    const grant = new Grant(fields);
    const secret = `${this.#nodeTag}-${randomUUID()}`;
    this.#grants.set(runId, { grant, secret });
    const revoke = (): void => {
      grant.end();
      this.#grants.delete(runId);
    };
    const token = `${runId}.${secret}`;
    const redact = (text: string): string => text.replaceAll(token, '[redacted]').replaceAll(secret, '[redacted]');
    return { grant, token, revoke, redact };
  }

  /** Whether a token looks like one of a run on another node. Only that node can tell. */
  isElsewhere(token: string): boolean {
    const [, tag] = NODE_TAG.exec(token) ?? [];
    return (
      tag !== undefined && tag !== this.#nodeTag && [...this.#otherNodes()].some((node) => nodeTagOf(node) === tag)
    );
  }

  find(token: string): Grant | undefined {
    const [runId = '', secret = ''] = token.split('.');
    const issued = this.#grants.get(runId);
    if (!issued) return undefined;
    if (!isSameSecret(secret, issued.secret)) return undefined;
    return issued.grant.isExpired ? undefined : issued.grant;
  }
}
