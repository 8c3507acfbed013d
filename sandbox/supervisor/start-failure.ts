/** Why a compartment's process does not start, in sentences for the operator. */
import { isAbsolute, resolve } from 'node:path';

const FAILED = 'A process for connectors cannot be started: ';

const causes: Readonly<Record<string, string>> = {
  EMFILE: 'this process has as many files open as it may (raise the limit, ulimit -n)',
  ENFILE: 'the system has as many files open as it can',
  EAGAIN: 'the system or the user has as many processes as they may (ulimit -u, TasksMax)',
  ENOMEM: 'the system has no memory left',
  ENOENT: "Node's program is not there any more",
  EACCES: "Node's program may not be run by this user",
};

export function cannotStart({ code = 'unknown reason' }: NodeJS.ErrnoException): string {
  const cause = causes[code];
  return `${FAILED}${cause === undefined ? code : `${cause} (${code})`}.`;
}

export function endedWhileStarting(code: number | null, signal: NodeJS.Signals | null): string {
  return `A process for connectors ended while it started (${signal ?? `exit code ${code}`}).`;
}

export const TOO_SLOW = 'A process for connectors did not start in time.';

export const PROGRAM_UNKNOWN = `${FAILED}without /proc, Node does not know where its own program is. Mount /proc, or start Node by its full path.`;

/**
 * Node's own program. Where Node cannot ask the system for it, it gives the name that it was called by, and to
 * look for a name alone could find another Node.
 */
export function nodeProgram(execPath: string): string | undefined {
  if (isAbsolute(execPath)) return execPath;
  return /[\\/]/.test(execPath) ? resolve(execPath) : undefined;
}
