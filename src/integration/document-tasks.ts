/** Parses and checks the documents of a backup. */
import { hasMoreItems, hasMoreParts, nestsDeeper } from '../../sandbox/index.ts';
import { requestError } from '../errors.ts';
import { userBodyLimits } from '../parse-body.ts';
import { decodeUtf8, parseDocument } from '../store/backup.ts';
import { BackupError, invalidBackup } from '../store/backup-file.ts';
import { type Document, documentFrom } from '../store/document.ts';
import { type PackedDocument, packDocument, unpackDocument } from '../store/packed-document.ts';
import type { DocumentJson } from '../store/stored.ts';
import { bufferOf } from '../work/thread-bytes.ts';
import { type Account, tasksOf, type Work } from '../work/work.ts';
import { restoreProblem } from './restore-documents.ts';

/** @throws RequestError `invalid_backup` */
function read({ moved }: { readonly moved: Uint8Array }): PackedDocument {
  try {
    return packDocument(documentFrom(documentIn(moved)));
  } catch (error) {
    throw error instanceof BackupError ? requestError(error.code, { message: error.message }) : error;
  }
}

/** @throws BackupError */
function documentIn(bytes: Uint8Array): DocumentJson {
  const json = decodeUtf8(bufferOf(bytes));
  const { buffer } = bytes;
  // Free the bytes: parsing needs the memory.
  if (buffer instanceof ArrayBuffer && buffer.resizable) buffer.resize(0);
  assertParsable(json);
  return parseDocument(json, restoreProblem);
}

/** @throws BackupError for JSON that takes too much memory to parse */
function assertParsable(json: string): void {
  const { parts, items } = userBodyLimits;
  if (nestsDeeper(json, DEPTH_LIMIT)) throw invalidBackup(`a document nests deeper than ${DEPTH_LIMIT} levels`);
  if (hasMoreParts(json, parts)) throw invalidBackup(`a document has more than ${parts} arrays, objects and names`);
  if (hasMoreItems(json, items)) throw invalidBackup(`a document has more than ${items} items and members`);
}
/** More than any valid document has. The store checks precisely. */
const DEPTH_LIMIT = 1_000;

export const tasks = tasksOf(import.meta.url, { read });

export const documentReader =
  (work: Work, account: Account) =>
  async (json: Buffer): Promise<Document> =>
    unpackDocument(await work.run(tasks, 'read', { moved: json }, json.length, account));
