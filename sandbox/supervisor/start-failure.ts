/** Why a compartment's process does not start, in sentences for the operator. */
import { isAbsolute, resolve } from 'node:path';

const FAILED = 'Cannot start a connector process: ';

const causes: Readonly<Record<string, string>> = {
  EMFILE: 'this process has too many open files (raise the limit with ulimit -n)',
  ENFILE: 'the system has too many open files',
  EAGAIN: 'the system or the user has too many processes (see ulimit -u and TasksMax)',
  ENOMEM: 'the system is out of memory',
  ENOENT: 'the Node executable no longer exists',
  EACCES: 'this user may not run the Node executable',
};

export function spawnErrorMessage({ code = 'unknown reason' }: NodeJS.ErrnoException): string {
  const cause = causes[code];
  return `${FAILED}${cause === undefined ? code : `${cause} (${code})`}.`;
}

export function earlyExitMessage(code: number | null, signal: NodeJS.Signals | null): string {
  return `A connector process exited while starting (${signal ?? `exit code ${code}`}).`;
}

export const START_TIMEOUT_MESSAGE = 'A connector process did not start in time.';

export const UNKNOWN_PROGRAM_MESSAGE = `${FAILED}without /proc, Node cannot find its own executable. Mount /proc, or start Node by its full path.`;

/**
 * The path of the Node executable. If Node cannot get it from the system, `execPath` is the name it was
 * called by. A bare name is refused: looking it up could find another Node.
 */
export function nodeProgram(execPath: string): string | undefined {
  if (isAbsolute(execPath)) return execPath;
  return /[\\/]/.test(execPath) ? resolve(execPath) : undefined;
}
