/**
 * Preloaded into a real server (`NODE_OPTIONS=--import`): file operations in the data folder fail as
 * described by the file `FAULTS_FILE`, as long as it exists.
 */
import { existsSync, readFileSync } from 'node:fs';
import promises, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

/** The JSON of the faults file. */
export interface Faults {
  readonly operation: 'open' | 'write' | 'sync' | 'rename' | 'short write' | 'shortened write';
  readonly code: string;
}

const [faultsFile, folder] = [String(process.env.FAULTS_FILE), String(process.env.BULKHEAD_DATA)];
const present = (): Faults | undefined =>
  existsSync(faultsFile) ? (JSON.parse(readFileSync(faultsFile, 'utf8')) as Faults) : undefined;

function failIf(operation: Faults['operation']): void {
  const faults = present();
  if (faults?.operation !== operation) return;
  throw Object.assign(new Error(`${faults.code}: made to fail, ${operation}`), { code: faults.code });
}

const { open, rename } = promises;
const isOurs = (path: unknown): boolean => String(path).startsWith(folder);

promises.open = async (path, ...rest) => {
  if (!isOurs(path)) return open(path, ...rest);
  failIf('open');
  return failing(await open(path, ...rest));
};
promises.rename = async (from, to) => {
  if (isOurs(from)) failIf('rename');
  return rename(from, to);
};
syncBuiltinESMExports();

function failing(file: FileHandle): FileHandle {
  const [write, writev, writeFile] = [file.write.bind(file), file.writev.bind(file), file.writeFile.bind(file)];
  const [sync, datasync] = [file.sync.bind(file), file.datasync.bind(file)];
  const writeBytes = async (bytes: Buffer, offset: number, length: number, position: number): Promise<unknown> => {
    failIf('write');
    const operation = present()?.operation;
    // A write may be short, and the next attempt may fail or succeed.
    if (operation === 'short write') {
      await write(bytes, offset, length - 1, position);
      failIf('short write');
    }
    return write(bytes, offset, operation === 'shortened write' ? Math.ceil(length / 3) : length, position);
  };
  return Object.assign(file, {
    write: writeBytes,
    writev: (pieces: readonly Buffer[], position: number) => {
      if (!present()) return writev(pieces, position);
      const bytes = Buffer.concat(pieces);
      return writeBytes(bytes, 0, bytes.length, position);
    },
    writeFile: async (text: string) => {
      failIf('write');
      return writeFile(text);
    },
    sync: async () => {
      failIf('sync');
      return sync();
    },
    datasync: async () => {
      failIf('sync');
      return datasync();
    },
  });
}
