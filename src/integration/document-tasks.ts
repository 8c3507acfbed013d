/** Reading the documents of a backup. */
import { requestError } from '../errors.ts';
import { restorable } from '../store/backup.ts';
import { BackupError } from '../store/backup-file.ts';
import { type Document, documentFrom, withTexts } from '../store/document.ts';
import { type PackedDocument, packed, unpacked } from '../store/packed-document.ts';
import { type Account, tasksOf, type Work } from '../work/work.ts';
import { restoringProblem } from './restoring.ts';

/** @throws RequestError `invalid_backup` */
function read({ json }: { readonly json: string }): PackedDocument {
  try {
    return packed(withTexts(documentFrom(restorable(json, restoringProblem))));
  } catch (error) {
    throw error instanceof BackupError ? requestError(error.code, { message: error.message }) : error;
  }
}

export const tasks = tasksOf(import.meta.url, { read });

export const documentReader =
  (work: Work, account: Account) =>
  async (json: string): Promise<Document> =>
    unpacked(await work.run(tasks, 'read', { json }, json.length, account));
