/** `path`: POSIX. */
import path from 'path-browserify';

const posix = Object.assign(path, { toNamespacedPath: (name: string): string => name, win32: path });

export default posix;
