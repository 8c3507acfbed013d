/** The administrator's token: configured, or made at the first start. Storage has only its hash. */
import { randomBytes } from 'node:crypto';
import { hashToken } from './api/token-hash.ts';
import type { TokenStore } from './store/storage.ts';

export interface AdminToken {
  readonly hash: string;
  /** Set only if this start has made the token. */
  readonly newToken?: string;
}

/** @param configured the token from the options; not stored */
export async function resolveAdminToken(tokens: TokenStore, configured: string | undefined): Promise<AdminToken> {
  if (configured !== undefined) return { hash: hashToken(configured) };
  const storedHash = await tokens.adminTokenHash();
  if (storedHash !== undefined) return { hash: storedHash };
  const newToken = randomToken();
  const hash = await tokens.ensureAdminTokenHash(hashToken(newToken));
  // Another node that started at the same time may have been first.
  return hash === hashToken(newToken) ? { hash, newToken } : { hash };
}

/** Makes a token that replaces any other. A running server needs a restart to use it. */
export async function newAdminToken(tokens: TokenStore): Promise<string> {
  const newToken = randomToken();
  await tokens.setAdminTokenHash(hashToken(newToken));
  return newToken;
}

const randomToken = (): string => randomBytes(24).toString('base64url');
