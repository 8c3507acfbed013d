/** The administrator's token: given by an option, or made at the first start. Storage has its hash alone. */
import { randomBytes } from 'node:crypto';
import { hashToken } from './api/auth.ts';
import type { TokenStore } from './store/storage.ts';

export interface AdminToken {
  readonly hash: string;
  /** Only when it has just been made. */
  readonly made?: string;
}

/** @param given from the options; it is stored nowhere */
export async function adminToken(tokens: TokenStore, given: string | undefined): Promise<AdminToken> {
  if (given !== undefined) return { hash: hashToken(given) };
  const stored = await tokens.adminTokenHash();
  if (stored !== undefined) return { hash: stored };
  const made = await newAdminToken(tokens);
  return { hash: hashToken(made), made };
}

/** Replaces the token; a running server takes the new one at its next start. */
export async function newAdminToken(tokens: TokenStore): Promise<string> {
  const made = randomBytes(24).toString('base64url');
  await tokens.setAdminTokenHash(hashToken(made));
  return made;
}
