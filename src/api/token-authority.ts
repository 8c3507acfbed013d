/** Authenticates access tokens of people and programs (contract 15). */
import { randomBytes } from 'node:crypto';
import { type Caller, RUNTIME } from '../store/audit.ts';
import { type AccessTokenStore, type StoredToken, USES_NOTED_MS } from '../store/storage.ts';
import type { AuditLog } from './audit-log.ts';
import type { TokenScope } from './operation.ts';
import { hashToken } from './token-hash.ts';

const SWEEP = 'sweep';
/** Expired tokens are refused at once, and removed this often. */
const SWEEP_EVERY_MS = 60_000;
const TOKEN_BYTES = 32;
/** Identifies a leaked token in a file or a log. Other texts need no look-up. */
const PREFIX = 'bh_';
const TOKEN = /^bh_[\w-]{43}$/;

export const newAccessToken = (): string => PREFIX + randomBytes(TOKEN_BYTES).toString('base64url');

/** The access token that a request carries. */
export interface CallerToken {
  readonly _id: string;
  readonly name: string;
  readonly scope: TokenScope;
  /** The integrations it may use; undefined for all. */
  readonly integrationIds: ReadonlySet<string> | undefined;
  readonly autoPurgeAt: string | undefined;
  readonly hash: string;
  readonly revision: number;
  readonly caller: Caller;
}

export class TokenAuthority {
  readonly #store: AccessTokenStore;
  readonly #audit: AuditLog;
  readonly #onError: (error: unknown) => void;
  readonly #sweep: NodeJS.Timeout;
  /** Background work by key: recording a token's use, and the sweep. */
  readonly #background = new Map<string, Promise<void>>();

  constructor(store: AccessTokenStore, audit: AuditLog, onError: (error: unknown) => void) {
    this.#store = store;
    this.#audit = audit;
    this.#onError = onError;
    this.#sweep = setInterval(() => this.#start(SWEEP, () => this.#expire()), SWEEP_EVERY_MS).unref();
    this.#start(SWEEP, () => this.#expire());
  }

  /** Undefined for anything but a valid access token. Asks the store each time. @throws StoreError */
  async authenticate(token: string): Promise<CallerToken | undefined> {
    if (!TOKEN.test(token)) return undefined;
    const stored = await this.#store.find(hashToken(token));
    if (!stored || stored.record.revoked === true) return undefined;
    this.#noteUse(stored);
    return callerTokenOf(stored);
  }

  /** Whether a token is unchanged. @throws StoreError */
  async isCurrent({ hash, revision }: CallerToken): Promise<boolean> {
    return (await this.#store.find(hash))?.revision === revision;
  }

  /** Idempotent. Call it before the store is closed. */
  async close(): Promise<void> {
    clearInterval(this.#sweep);
    await Promise.all(this.#background.values());
  }

  #noteUse({ record: { _id }, lastUsedAt = 0 }: StoredToken): void {
    const now = Date.now();
    if (now - lastUsedAt >= USES_NOTED_MS) this.#start(_id, () => this.#store.used(_id, now));
  }

  async #expire(): Promise<void> {
    for (const { record } of await this.#store.expire()) {
      const { _id, name } = record;
      const event = { event: 'expire', resourceType: 'accesstoken', _resourceId: _id, name: String(name) } as const;
      await this.#audit.record(RUNTIME, event);
    }
  }

  /** Starts work unless the same is running. */
  #start(key: string, work: () => Promise<void>): void {
    if (this.#background.has(key)) return;
    const done = new Promise<void>((resolve) => setImmediate(resolve))
      .then(work)
      .catch(this.#onError)
      .finally(() => this.#background.delete(key));
    this.#background.set(key, done);
  }
}

function callerTokenOf({ hash, revision, record }: StoredToken): CallerToken {
  const { _id } = record;
  const [name, scope] = [String(record.name), record.scope as TokenScope];
  const { autoPurgeAt, _integrationIds } = record;
  return {
    _id,
    name,
    scope,
    integrationIds: scope === 'integrations' ? new Set(_integrationIds as readonly string[]) : undefined,
    autoPurgeAt: autoPurgeAt === undefined ? undefined : String(autoPurgeAt),
    hash,
    revision,
    caller: { type: 'token', _id, name },
  };
}
