/** Parses the command line and runs the command. The only importer of commander. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Argument, CommanderError, Option, Command as Program } from 'commander';
import { didYouMean } from '../did-you-mean.ts';
import { optionTable } from '../option-table.ts';
import { completeOptions, helpText, OptionError, readOptions, readServerUrl, serverUrl } from '../options.ts';
import {
  type Command,
  CommandError,
  FAILED,
  jsonFlag,
  type ProcessContext,
  SUCCEEDED,
  UsageError,
  WRONG_USAGE,
} from './command.ts';
import { errorMessage } from './error-message.ts';
import { ownVersion } from './own-version.ts';

/** In the order of `--help`. Loaded on demand. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import('./start.ts')).start,
  init: async () => (await import('./init.ts')).init,
  dev: async () => (await import('./dev.ts')).dev,
  test: async () => (await import('./test.ts')).test,
  validate: async () => (await import('./validate.ts')).validate,
  build: async () => (await import('./build.ts')).build,
  pack: async () => (await import('./pack.ts')).pack,
  run: async () => (await import('./run.ts')).run,
  invoke: async () => (await import('./invoke.ts')).invoke,
  'example-app': async () => (await import('./example-app.ts')).exampleApp,
  token: async () => (await import('./token.ts')).token,
  backup: async () => (await import('./backup.ts')).backup,
  restore: async () => (await import('./restore.ts')).restore,
  copy: async () => (await import('./copy.ts')).copy,
  doctor: async () => (await import('./doctor.ts')).doctor,
};

/** Time limit for an aborted command to end. */
const SHUTDOWN_LIMIT_MS = 2_000;

/**
 * Runs a command line.
 *
 * @param argv without the program itself
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage
 * @throws errors that are bugs of ours
 */
export async function runCommandLine(argv: readonly string[], processContext: ProcessContext): Promise<number> {
  const [first, second = ''] = argv;
  // `help init` means `init --help`, as in other tools.
  if (first === 'help' && Object.hasOwn(commands, second)) return runCommandLine([second, '--help'], processContext);
  const isHelp = first === '--help' || first === '-h' || first === 'help';
  const isVersion = first === '--version' || first === '-V';
  // Flags alone start the server.
  const name = first === undefined || (first.startsWith('-') && !isHelp && !isVersion) ? 'start' : first;
  const loader = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!loader && !isHelp && !isVersion) {
    processContext.err.write(
      `${name} is not a command${didYouMean(name, Object.keys(commands)) || '.'} --help lists them.\n`,
    );
    return WRONG_USAGE;
  }
  const loaders = loader ? [loader] : isHelp ? Object.values(commands) : [];
  const loaded = await Promise.all(loaders.map((load) => load()));
  const args = isHelp ? ['--help'] : name === first ? argv : [name, ...argv];
  let code: number = SUCCEEDED;
  const program = programOf(loaded, processContext, async (command, positionals, flags) => {
    code = (await run(command, positionals, flags, processContext)) ?? SUCCEEDED;
  });
  try {
    await program.parseAsync(args.slice(), { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return SUCCEEDED;
    const message = error instanceof CommanderError ? usageMessage(error, loaded[0]) : errorMessage(error);
    if (message === undefined) throw error;
    const isUsage = error instanceof CommanderError || error instanceof UsageError || error instanceof OptionError;
    const isJson = args.includes('--json') && loaded[0]?.flags?.includes(jsonFlag);
    if (isJson) {
      const errors = [{ code: isUsage ? 'wrong_usage' : codeOf(error), message }];
      processContext.out.write(`${JSON.stringify({ errors })}\n`);
    } else processContext.err.write(`${message}\n`);
    return isUsage ? WRONG_USAGE : FAILED;
  }
  return code;
}

/** An error code for scripts: the API's, the system's, or `failed`. */
function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : 'failed';
}

type Flags = Record<string, string | boolean | undefined>;

async function run(
  command: Command,
  args: readonly string[],
  flags: Flags,
  processContext: ProcessContext,
): Promise<number | undefined> {
  const { environment, signal } = processContext;
  const explicitOptions = readOptions(flags, environment, command.options ?? []);
  const url = command.usesServer ? readServerUrl(flags, environment) : undefined;
  const context = { ...processContext, args, flags, explicitOptions, options: completeOptions(explicitOptions), url };
  const running = command.run(context);
  if (command.isLongRunning) return running;
  const interrupted = Promise.withResolvers<never>();
  const onAbort = async (): Promise<void> => {
    await Promise.race([running, sleep(SHUTDOWN_LIMIT_MS)]).catch(() => {
      // Errors while stopping do not matter.
    });
    interrupted.reject(new CommandError(`Ended by ${signal.reason}.`));
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([running, interrupted.promise]);
  } catch (error) {
    if (signal.aborted) throw new CommandError(`Ended by ${signal.reason}.`, { cause: error });
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

type OnRun = (command: Command, args: readonly string[], flags: Flags) => Promise<void>;

function programOf(loaded: readonly Command[], { out }: ProcessContext, onRun: OnRun): Program {
  const program = withOwnOutput(new Program('bulkhead'), out)
    .description('A self-hosted runtime for connectors. Without a command it starts the server.')
    .usage('[command] [options]')
    .version(ownVersion(), '-V, --version', 'prints the version')
    .helpOption('-h, --help', 'prints this; after a command, prints its help')
    .helpCommand(false)
    .addHelpText('after', () => `\n${helpText()}\n${EXIT_CODES}`);
  for (const command of loaded) program.addCommand(subcommandOf(command, out, onRun));
  return program;
}

const EXIT_CODES = 'Exit codes: 0 done, 1 failed, 2 invalid command line.';

function subcommandOf(command: Command, out: ProcessContext['out'], onRun: OnRun): Program {
  const { name, summary, args = [], flags = [], options = [], usesServer = false, examples } = command;
  const sub = withOwnOutput(new Program(name), out)
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
  if (usesServer)
    sub.addOption(new Option(`--${serverUrl.flag} <url>`, `${serverUrl.help} (${serverUrl.environment})`));
  for (const row of options.map((key) => optionTable[key])) {
    const defaults = 'fallback' in row ? `${row.fallback}; ${row.environment}` : row.environment;
    sub.addOption(new Option(`--${row.flag} <value>`, `${row.help} (${defaults})`));
  }
  const lines = ['', `Example${examples.length > 1 ? 's' : ''}:`, ...examples.map((example) => `  ${example}`)];
  sub.addHelpText('after', lines.join('\n'));
  return sub.action(async () => {
    // Commander turns `run-cpu-ms` into `runCpuMs`, but the option table goes by flag.
    const values = sub.options.map((option) => [
      option.long?.slice(2) ?? '',
      sub.getOptionValue(option.attributeName()),
    ]);
    await onRun(command, sub.args, Object.fromEntries(values) as Flags);
  });
}

/** Keeps commander from printing errors and from ending the process. */
function withOwnOutput(program: Program, out: ProcessContext['out']): Program {
  return program
    .exitOverride()
    .configureOutput({ writeOut: (text) => out.write(text), writeErr: () => {} })
    .showSuggestionAfterError(true);
}

function usageMessage({ code, message }: CommanderError, command: Command | undefined): string {
  const isArity = code === 'commander.excessArguments' || code === 'commander.missingArgument';
  if (isArity && command) return `${command.name} expects ${command.expects}. See --help.`;
  const [problem = '', suggestion = ''] = message.replace(/^error: /, '').split('\n');
  const sentence = `${problem.charAt(0).toUpperCase()}${problem.slice(1).replace(/\.$/, '')}.`;
  return `${[sentence, suggestion].filter(Boolean).join(' ')} See --help.`;
}
