/** How `npm start` starts the server: environment, Node's flags and main file, for a process in the project's folder. */
import { readFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly scripts: { readonly start: string };
};

const words = manifest.scripts.start.split(' ');
const program = words.indexOf('node');

export const startEnvironment: Readonly<Record<string, string>> = Object.fromEntries(
  words.slice(words.indexOf('env') + 1, program).map((word) => word.split('=') as [string, string]),
);
export const startArguments: readonly string[] = words.slice(program + 1);
