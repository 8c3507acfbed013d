/** SQLite files of the data folder. */
import { existsSync, renameSync } from 'node:fs';
import { quarantinePath } from './data-folder.ts';
import { createPrivately } from './private-files.ts';

/**
 * SQLite's codes for one of another shape, a damaged one, one that cannot be opened (a folder, say), content that
 * breaks the rules of its tables (two), and what is none.
 */
const DAMAGED = [1, 11, 14, 19, 20, 26];

/**
 * Opens a database; a damaged one is set aside together with its log, in which the last changes may be: SQLite
 * deletes one that lies beside a new database.
 *
 * @param onQuarantine told where it is now, and what was wrong with it
 * @throws what `open` throws of a file that is not damaged: it is busy, say, or the disk is full
 */
export function openOrQuarantine<T>(
  file: string,
  open: (file: string) => T,
  onQuarantine: (quarantined: string, reason: string) => void,
): T {
  createPrivately(file);
  try {
    return open(file);
  } catch (error) {
    const { errcode = 0, message } = error as Error & { errcode?: number };
    if (!DAMAGED.includes(errcode & 0xff)) throw error;
    const suffix = quarantinePath('');
    for (const path of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(path)) renameSync(path, path + suffix);
    onQuarantine(file + suffix, message);
    createPrivately(file);
    return open(file);
  }
}
