/** `bulkhead test`: runs the author's tests with Node's test runner and makes `bulkhead/test` available. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, CommandError, FAILED } from './command.ts';
import { folderArgument, folderOf } from './inspect.ts';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const addressOf = (name: string): string => new URL(`../author/${name}.${extension}`, import.meta.url).href;

export const test: Command = {
  name: 'test',
  summary: "Runs a connector's tests against real compartments.",
  expects: 'one folder',
  args: [folderArgument],
  flags: [
    { syntax: '--watch', help: 'runs the tests again when something changes' },
    { syntax: '--name <pattern>', help: 'runs only tests whose name matches' },
  ],
  examples: ['bulkhead test', 'bulkhead test connectors/weather --name forecast', 'bulkhead test --watch'],
  isLongRunning: true,

  async run(context) {
    const { flags, environment, signal, out, err } = context;
    const folder = folderOf(context);
    if (!existsSync(join(folder, 'package.json'))) throw new CommandError(`There is no package.json in ${folder}.`);
    const { NODE_TEST_CONTEXT: _, ...inherited } = environment;
    const args = [
      '--import',
      addressOf('own-modules'),
      '--test',
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${addressOf('no-tests')}`,
      '--test-reporter-destination=stderr',
      ...(flags.watch === true ? ['--watch'] : []),
      ...(typeof flags.name === 'string' ? [`--test-name-pattern=${flags.name}`] : []),
    ];
    const child = spawn(process.execPath, args, {
      cwd: folder,
      env: { ...inherited, ...(out.isTTY === true ? { FORCE_COLOR: inherited.NO_COLOR ? '0' : '1' } : {}) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.pipe(out, { end: false });
    child.stderr.pipe(err, { end: false });
    const end = (): void => void child.kill('SIGTERM');
    signal.addEventListener('abort', end, { once: true });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve);
    });
    signal.removeEventListener('abort', end);
    if (signal.aborted) throw new CommandError(`Ended by ${signal.reason}.`);
    return code === 0 ? undefined : FAILED;
  },
};
