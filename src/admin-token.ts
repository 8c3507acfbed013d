/** The administrator's token: configured, or made at the first start. The data folder stores only its hash. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashToken } from './api/auth.ts';
import { replaceFile, syncFolder } from './store/files.ts';
import { StoreError } from './store/store.ts';

const ADMIN_FILE = 'admin.json';

export interface AdminToken {
  readonly hash: string;
  /** Set only if this start has made the token. */
  readonly newToken?: string;
}

/** @param configured the token from the options; not stored */
export async function resolveAdminToken(dataFolder: string, configured: string | undefined): Promise<AdminToken> {
  if (configured !== undefined) return { hash: hashToken(configured) };
  const storedHash = await storedTokenHash(dataFolder);
  if (storedHash !== undefined) return { hash: storedHash };
  const newToken = await newAdminToken(dataFolder);
  return { hash: hashToken(newToken), newToken };
}

/** Makes a token that replaces any other. A running server needs a restart to use it. */
export async function newAdminToken(dataFolder: string): Promise<string> {
  const newToken = randomBytes(24).toString('base64url');
  await replaceFile(join(dataFolder, ADMIN_FILE), JSON.stringify({ tokenHash: hashToken(newToken) }));
  await syncFolder(dataFolder);
  return newToken;
}

/** @throws StoreError if the file is not valid */
export const storedTokenHash = (dataFolder: string): Promise<string | undefined> =>
  readHash(join(dataFolder, ADMIN_FILE));

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
  throw new StoreError(
    'store_unavailable',
    `${path} contains no token hash. Remove the file, and the next start makes a new token.`,
  );
}

function tokenHashIn(text: string): string | undefined {
  try {
    const { tokenHash } = JSON.parse(text) as { tokenHash?: unknown };
    return typeof tokenHash === 'string' && /^[0-9a-f]{64}$/.test(tokenHash) ? tokenHash : undefined;
  } catch {
    return undefined;
  }
}
