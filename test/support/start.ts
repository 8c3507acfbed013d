/** How `npm start` starts the server: Node's flags and the main file, for a process in the project's folder. */
import { readFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly scripts: { readonly start: string };
};

export const startArguments: readonly string[] = manifest.scripts.start.replace(/^exec node /, '').split(' ');
