#!/usr/bin/env -S node --max-semi-space-size=4
/** The process's door: arguments, environment, signals, exit codes. The only user of `process.env` and `process.exit`. */
import { parseArgs } from 'node:util';
import { type Command, CommandError, commands } from './commands.ts';
import { openLog } from './log.ts';
import { completeOptions, flagTable, helpText, OptionError, type Options, readOptions } from './options.ts';
import { createRuntime, type Runtime } from './runtime.ts';
import { StoreError } from './store/store.ts';

function fail(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

interface Given {
  readonly options: Partial<Options>;
  /** Nothing: serve. */
  readonly command: Command | undefined;
  readonly file: string;
  readonly overwrite: boolean;
}

function givenToProcess(): Given {
  let values: Record<string, string | boolean | undefined>;
  let positionals: string[];
  try {
    ({ values, positionals } = parseArgs({
      options: { ...flagTable, overwrite: { type: 'boolean' }, help: { type: 'boolean' } },
      allowPositionals: true,
    }));
  } catch (error) {
    fail(`${(error as Error).message.split('\n')[0]} --help lists what there is.`);
  }
  const { help, overwrite = false, ...flags } = values;
  if (help) {
    process.stdout.write(helpText());
    process.exit(0);
  }
  const [name = 'start', file, ...rest] = positionals;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command && name !== 'start') fail(`${name} is no command. --help lists what there is.`);
  if (rest.length > 0 || (file !== undefined) !== (command !== undefined)) {
    fail(command ? `${name} takes one file.` : `${name} takes no file.`);
  }
  try {
    return { options: readOptions(flags, process.env), command, file: file ?? '', overwrite: overwrite === true };
  } catch (error) {
    if (error instanceof OptionError) fail(error.message);
    throw error;
  }
}

/** Sentences for what a person can mend; anything else is ours, with its stack. */
function sentenceOf(error: unknown, { host, port }: Partial<Options>): string | undefined {
  if (error instanceof StoreError || error instanceof OptionError || error instanceof CommandError)
    return error.message;
  const { code, path, address } = error as NodeJS.ErrnoException & { address?: string };
  if (code === 'EADDRINUSE') return `Port ${port ?? 3000} on ${address ?? host} is in use by another process.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `The host ${host} is no address of this machine.`;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return path === undefined ? `Port ${port} may not be used (${code}).` : `${path} cannot be used (${code}).`;
  }
  if (code === 'ENOTDIR' || code === 'EEXIST') return `${path} is not a folder.`;
  return undefined;
}

const { options, command, file, overwrite } = givenToProcess();
if (command) {
  try {
    process.stdout.write(`${await command({ options: completeOptions(options), file, overwrite })}\n`);
    process.exit(0);
  } catch (error) {
    const sentence = sentenceOf(error, options);
    if (sentence !== undefined) fail(sentence);
    throw error;
  }
}
const log = openLog(options.log ?? 'info');
const { logger } = log;

let runtime: Runtime | undefined;
let isEnding = false;
const end = async (signal: string): Promise<void> => {
  if (isEnding) return;
  isEnding = true;
  logger.info({ event: 'stopping', signal });
  await runtime?.close();
  await log.end();
  process.exit(0);
};
process.on('SIGTERM', end).on('SIGINT', end);

try {
  runtime = await createRuntime({ ...options, logger });
  await runtime.listen();
} catch (error) {
  await runtime?.close();
  await log.end();
  const sentence = sentenceOf(error, options);
  if (sentence !== undefined) fail(sentence);
  throw error;
}
logger.info({ event: 'listening', url: runtime.url });
process.stdout.write(`Bulkhead is listening on ${runtime.url}\n`);
const { newToken } = runtime;
if (newToken !== undefined) process.stdout.write(`Administrator's token, shown this once: ${newToken}\n`);
// What follows # stays in the browser.
const signedIn = newToken === undefined ? '' : `#token=${encodeURIComponent(newToken)}`;
process.stdout.write(`Dashboard: ${runtime.url}/${signedIn}\n`);
