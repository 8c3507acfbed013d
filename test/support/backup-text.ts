/** Valid and invalid backups. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { objectIds } from '../../src/store/object-id.ts';

export const newId = objectIds();

export interface BackedDocument {
  readonly integration: { readonly _id: string } & Record<string, unknown>;
  readonly revisions: Record<string, unknown>;
  readonly connections: Record<string, object>;
  readonly exports: Record<string, object>;
  readonly imports: Record<string, object>;
  readonly flows: Record<string, object>;
  readonly state: Record<string, unknown>;
}

export const date = '2026-01-01T00:00:00.000Z';

/** A document with only an integration. */
export function backedDocument(parts: Partial<BackedDocument> = {}): BackedDocument & { readonly format: number } {
  const _id = newId();
  const integration = { _id, createdAt: date, lastModified: date, name: 'restored' };
  const none = { connections: {}, exports: {}, imports: {}, flows: {}, state: {} };
  return { format: 1, integration, revisions: { [_id]: 1 }, ...none, ...parts };
}

/** A complete backup of these lines of JSON text. */
export function backupOf(lines: readonly string[]): Buffer {
  const head = JSON.stringify({ format: 'bulkhead-backup', version: 2, createdAt: date });
  const all = [head, ...lines].map((line) => `${line}\n`);
  const sha256 = createHash('sha256').update(all.join('')).digest('hex');
  return gzipSync(`${all.join('')}${JSON.stringify({ acceptances: 0, documents: lines.length, sha256 })}\n`, {
    level: 1,
  });
}
