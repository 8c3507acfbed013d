/** Turns errors the user can fix into a message. */
import { OptionError } from '../options.ts';
import { StoreError } from '../store/store.ts';
import { CommandError } from './command.ts';

interface SystemError extends NodeJS.ErrnoException {
  readonly address?: string;
  readonly port?: number;
}

/** @returns undefined for a bug of ours, which is shown with its stack */
export function errorMessage(error: unknown): string | undefined {
  if (error instanceof StoreError || error instanceof OptionError || error instanceof CommandError)
    return error.message;
  const { code, path, address, port, hostname } = error as SystemError & { hostname?: string };
  if (code === 'EADDRINUSE') return `Port ${port} on ${address} is in use by another process.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return `The host ${address ?? hostname} is not an address of this machine.`;
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return path === undefined
      ? `This user may not listen on port ${port} (${code}).`
      : `${path} ${code === 'EROFS' ? 'is on a read-only file system' : 'is not open to this user'} (${code}).`;
  }
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return `There is no space left${path === undefined ? '' : ` for ${path}`} (${code}).`;
  if (code === 'ENOENT' && path !== undefined) return `${path} does not exist.`;
  if (code === 'EISDIR') return `${path ?? 'The path'} is a folder, but must be a file.`;
  if (code === 'ENOTDIR' || code === 'EEXIST') return `${path} is not a folder.`;
  return undefined;
}
