/**
 * `npm run packages`: packages of which authors make connectors, in Node and in a compartment. Prints a table. Names of
 * cases choose some; `--installed` does not install the packages again.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { caseNames, openMatrix } from './matrix.ts';

const { values, positionals } = parseArgs({ options: { installed: { type: 'boolean' } }, allowPositionals: true });

if (values.installed !== true) {
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
    stdio: 'inherit',
  });
}

const kib = (value: number): string => `${value} KiB`.padStart(10);
const line = (outcome: string, name: string, sizes: readonly string[]): string =>
  `${outcome.padEnd(8)} ${name.padEnd(22)} ${sizes.join(' ')}\n`;

const names = (await caseNames()).filter((name) => positionals.length === 0 || positionals.includes(name));
await using matrix = await openMatrix();
const sizes = new Map<string, string[]>();
const problems = new Map<string, string>();
for (const name of names) {
  const plain = await matrix.bundle(name, [name]);
  const minified = await matrix.bundle(name, [name], true);
  if (plain.problem !== undefined) problems.set(name, plain.problem);
  sizes.set(name, [plain.kib, minified.kib, plain.nodeKib].map(kib));
}
process.stdout.write(line('', 'package', ['    bundle', '  minified', "of it Node's modules"]));
for (const name of names) {
  const problem = problems.get(name) ?? (await matrix.run(name, name)).problem;
  if (problem !== '') problems.set(name, problem);
  process.stdout.write(line(problem === '' ? 'equal' : 'DIFFERS', name, sizes.get(name) ?? []));
  if (problem !== '') process.stdout.write(`    ${problem}\n`);
}
process.stdout.write(
  `\n${names.length - problems.size} of ${names.length} cases give the same results and requests as in Node.\n`,
);
if (problems.size > 0) process.exitCode = 1;
