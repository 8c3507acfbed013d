/** The command line: which command, with what. The only importer of commander. */
import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { Argument, CommanderError, Option, Command as Program } from 'commander';
import { optionTable } from '../option-table.ts';
import { completeOptions, helpText, OptionError, readOptions, readServerUrl, serverUrl } from '../options.ts';
import {
  type Command,
  CommandError,
  FAILED,
  jsonFlag,
  SUCCEEDED,
  type Surroundings,
  UsageError,
  WRONG_USAGE,
} from './command.ts';
import { errorMessage } from './error-message.ts';

/** In the order of `--help`. Loaded when they are called. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import('./start.ts')).start,
  init: async () => (await import('./init.ts')).init,
  dev: async () => (await import('./dev.ts')).dev,
  test: async () => (await import('./test.ts')).test,
  validate: async () => (await import('./validate.ts')).validate,
  build: async () => (await import('./build.ts')).build,
  pack: async () => (await import('./pack.ts')).pack,
  invoke: async () => (await import('./invoke.ts')).invoke,
  token: async () => (await import('./token.ts')).token,
  backup: async () => (await import('./backup.ts')).backup,
  restore: async () => (await import('./restore.ts')).restore,
  doctor: async () => (await import('./doctor.ts')).doctor,
};

/** How long a command that was told to end may take. */
const END_LIMIT_MS = 2_000;

/**
 * Runs a command line.
 *
 * @param argv without the program itself
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage
 * @throws what is our own fault
 */
export async function runCommandLine(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const [first, second = ''] = argv;
  // As others have it: `help init` is `init --help`.
  if (first === 'help' && Object.hasOwn(commands, second)) return runCommandLine([second, '--help'], surroundings);
  const isHelp = first === '--help' || first === '-h' || first === 'help';
  const isVersion = first === '--version' || first === '-V';
  // A server is started by flags alone, too; it loads no other command.
  const name = first === undefined || (first.startsWith('-') && !isHelp && !isVersion) ? 'start' : first;
  const find = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!find && !isHelp && !isVersion) {
    surroundings.err.write(`${name} is no command. --help lists what there is.\n`);
    return WRONG_USAGE;
  }
  const loaded = find ? [find] : isHelp ? Object.values(commands) : [];
  const known = await Promise.all(loaded.map((load) => load()));
  const args = isHelp ? ['--help'] : name === first ? argv : [name, ...argv];
  let code: number = SUCCEEDED;
  const program = programOf(known, surroundings, async (command, positionals, flags) => {
    code = (await run(command, positionals, flags, surroundings)) ?? SUCCEEDED;
  });
  try {
    await program.parseAsync(args.slice(), { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return SUCCEEDED;
    const sentence = error instanceof CommanderError ? usageSentence(error, known[0]) : errorMessage(error);
    if (sentence === undefined) throw error;
    const isUsage = error instanceof CommanderError || error instanceof UsageError || error instanceof OptionError;
    const isJson = args.includes('--json') && known[0]?.flags?.includes(jsonFlag);
    if (isJson) {
      const errors = [{ code: isUsage ? 'wrong_usage' : codeOf(error), message: sentence }];
      surroundings.out.write(`${JSON.stringify({ errors })}\n`);
    } else surroundings.err.write(`${sentence}\n`);
    return isUsage ? WRONG_USAGE : FAILED;
  }
  return code;
}

/** For scripts: the API's, the system's, or that of any other failure. */
function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : 'failed';
}

type Flags = Record<string, string | boolean | undefined>;

async function run(
  command: Command,
  args: readonly string[],
  flags: Flags,
  surroundings: Surroundings,
): Promise<number | undefined> {
  const { environment, signal } = surroundings;
  const givenOptions = readOptions(flags, environment, command.options ?? []);
  const url = command.asksServer ? readServerUrl(flags, environment) : undefined;
  const given = { ...surroundings, args, flags, givenOptions, options: completeOptions(givenOptions), url };
  const working = command.run(given);
  if (command.isServing) return working;
  const interrupted = Promise.withResolvers<never>();
  const onAbort = async (): Promise<void> => {
    await Promise.race([working, sleep(END_LIMIT_MS)]).catch(() => {
      // It was told to end; how it did that is not what went wrong.
    });
    interrupted.reject(new CommandError(`Ended by ${signal.reason}.`));
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([working, interrupted.promise]);
  } catch (error) {
    if (signal.aborted) throw new CommandError(`Ended by ${signal.reason}.`, { cause: error });
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

type OnRun = (command: Command, args: readonly string[], flags: Flags) => Promise<void>;

function programOf(known: readonly Command[], { out }: Surroundings, onRun: OnRun): Program {
  const program = quiet(new Program('bulkhead'), out)
    .description('A self-hosted runtime for connectors. Without a command it starts the server.')
    .usage('[command] [options]')
    .version(ownVersion(), '-V, --version', 'prints the version')
    .helpOption('-h, --help', 'prints this; after a command, more of that')
    .helpCommand(false)
    .addHelpText('after', () => `\n${helpText()}\n${EXIT_CODES}`);
  for (const command of known) program.addCommand(subcommandOf(command, out, onRun));
  return program;
}

const EXIT_CODES = 'Exit codes: 0 done, 1 failed, 2 the command line was wrong.';

function subcommandOf(command: Command, out: Surroundings['out'], onRun: OnRun): Program {
  const { name, summary, args = [], flags = [], options = [], asksServer = false, examples } = command;
  const sub = quiet(new Program(name), out)
    .summary(summary)
    .description(summary)
    .helpOption('-h, --help', 'prints this');
  for (const [syntax, help] of args) sub.addArgument(new Argument(syntax, help));
  for (const { syntax, help, choices, fallback } of flags) {
    const option = new Option(syntax, help);
    if (choices) option.choices([...choices]);
    if (fallback !== undefined) option.default(fallback);
    sub.addOption(option);
  }
  if (asksServer)
    sub.addOption(new Option(`--${serverUrl.flag} <url>`, `${serverUrl.help} (${serverUrl.environment})`));
  for (const row of options.map((key) => optionTable[key])) {
    const byDefault = 'fallback' in row ? `${row.fallback}; ${row.environment}` : row.environment;
    sub.addOption(new Option(`--${row.flag} <value>`, `${row.help} (${byDefault})`));
  }
  const lines = ['', `Example${examples.length > 1 ? 's' : ''}:`, ...examples.map((example) => `  ${example}`)];
  sub.addHelpText('after', lines.join('\n'));
  return sub.action(async () => {
    // Commander turns `run-cpu-ms` into `runCpuMs`: rows are known by their flags here.
    const values = sub.options.map((option) => [
      option.long?.slice(2) ?? '',
      sub.getOptionValue(option.attributeName()),
    ]);
    await onRun(command, sub.args, Object.fromEntries(values) as Flags);
  });
}

/** What commander would print and end with is ours to say. */
function quiet(program: Program, out: Surroundings['out']): Program {
  return program
    .exitOverride()
    .configureOutput({ writeOut: (text) => out.write(text), writeErr: () => {} })
    .showSuggestionAfterError(true);
}

function usageSentence({ code, message }: CommanderError, command: Command | undefined): string {
  const isArity = code === 'commander.excessArguments' || code === 'commander.missingArgument';
  if (isArity && command) return `${command.name} takes ${command.takes}. --help says more.`;
  const [said = '', suggestion = ''] = message.replace(/^error: /, '').split('\n');
  const sentence = `${said.charAt(0).toUpperCase()}${said.slice(1).replace(/\.$/, '')}.`;
  return `${[sentence, suggestion].filter(Boolean).join(' ')} --help lists what there is.`;
}

function ownVersion(): string {
  const path = findPackageJSON('..', import.meta.url);
  return path === undefined ? '' : (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
