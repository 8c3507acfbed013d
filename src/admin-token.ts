/** The administrator's token: configured, or made at the first start. Storage has only its hash. */
import { randomBytes } from 'node:crypto';
import { hashToken } from './api/auth.ts';
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
  const newToken = await newAdminToken(tokens);
  return { hash: hashToken(newToken), newToken };
}

/** Makes a token that replaces any other. A running server needs a restart to use it. */
export async function newAdminToken(tokens: TokenStore): Promise<string> {
  const newToken = randomBytes(24).toString('base64url');
  await tokens.setAdminTokenHash(hashToken(newToken));
  return newToken;
}
