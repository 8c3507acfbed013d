/** The administrator's token: given, or made at first start; the data folder has its hash alone. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashToken } from './api/auth.ts';
import { replaceFile, syncFolder } from './store/files.ts';
import { StoreError } from './store/store.ts';

export interface AdminToken {
  readonly hash: string;
  /** Only when it has just been made. */
  readonly made?: string;
}

/** @param given from the options; it is not written anywhere */
export async function adminToken(dataFolder: string, given: string | undefined): Promise<AdminToken> {
  if (given !== undefined) return { hash: hashToken(given) };
  const path = join(dataFolder, 'admin.json');
  const kept = await readHash(path);
  if (kept !== undefined) return { hash: kept };
  const made = randomBytes(24).toString('base64url');
  await replaceFile(path, JSON.stringify({ tokenHash: hashToken(made) }));
  await syncFolder(dataFolder);
  return { hash: hashToken(made), made };
}

async function readHash(path: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const tokenHash = tokenHashIn(text);
  if (tokenHash !== undefined) return tokenHash;
  throw new StoreError('store_unavailable', `${path} holds no token's hash; remove it to have a new token made.`);
}

function tokenHashIn(text: string): string | undefined {
  try {
    const { tokenHash } = JSON.parse(text) as { tokenHash?: unknown };
    return typeof tokenHash === 'string' && /^[0-9a-f]{64}$/.test(tokenHash) ? tokenHash : undefined;
  } catch {
    return undefined;
  }
}
