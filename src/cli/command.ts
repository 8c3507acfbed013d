/** A CLI command and its input. Commands do not read the process's state: `main.ts` does. */
import type { Readable, Writable } from 'node:stream';
import type { DestinationStream } from 'pino';
import type { OptionName, Options } from '../options.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Commands show progress if it is a terminal. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** The parts of the process that commands may use. */
export interface ProcessContext {
  readonly environment: Environment;
  readonly cwd: string;
  readonly input: Readable;
  readonly out: Output;
  readonly err: Output;
  /** For a server's log. */
  readonly log: DestinationStream;
  /** Aborted by SIGTERM and SIGINT, with the signal's name as the reason. */
  readonly signal: AbortSignal;
}

export interface CommandContext extends ProcessContext {
  /** Positional arguments, in the command's order. */
  readonly args: readonly string[];
  /** The command's own flags, by long name. */
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  /** Options the command reads; defaults for all others. */
  readonly options: Options;
  /** Options that were set by flag or environment. */
  readonly explicitOptions: Partial<Options>;
  /** `--url` or BULKHEAD_URL, for commands that use a server. */
  readonly url: string | undefined;
}

export interface Flag {
  /** `--language <language>` */
  readonly syntax: string;
  readonly help: string;
  readonly choices?: readonly string[];
  readonly fallback?: string;
}

export interface Command {
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  /** `<file>` or `[folder]`, with help. */
  readonly args?: readonly (readonly [syntax: string, help: string])[];
  /** The expected arguments in words: `one file`. */
  readonly expects: string;
  readonly flags?: readonly Flag[];
  /** The options it reads. */
  readonly options?: readonly OptionName[];
  /** Accepts `--url`. */
  readonly usesServer?: boolean;
  /** Shell commands without a prompt. */
  readonly examples: readonly string[];
  /** Runs until aborted and ends by itself. Other commands are cut off two seconds after the abort. */
  readonly isLongRunning?: boolean;
  /** @returns the exit code, 0 if none */
  run(context: CommandContext): Promise<number | undefined>;
}

export const SUCCEEDED = 0;
export const FAILED = 1;
export const WRONG_USAGE = 2;

/** A problem the user can fix; the message is a sentence. Exit code `FAILED`. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';
  /** The API's error code, if a server refused the request. */
  readonly code: string | undefined;

  constructor(message: string, { code, ...options }: ErrorOptions & { readonly code?: string | undefined } = {}) {
    super(message, options);
    this.code = code;
  }
}

/** The command line is invalid. */
export class UsageError extends CommandError {
  override readonly name = 'UsageError';
}

/** Options with the server's address and the token. */
export const serverOptions: readonly OptionName[] = ['host', 'port', 'publicUrl', 'token'];
export const jsonFlag: Flag = { syntax: '--json', help: 'prints JSON, for scripts' };

/** Prints a result as text, or as JSON with `--json`. */
export function print({ out, flags }: CommandContext, result: { readonly text: string; readonly json: unknown }): void {
  out.write(`${flags.json === true ? JSON.stringify(result.json) : result.text}\n`);
}
