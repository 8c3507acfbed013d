/** What a command of the CLI is, and what it is given. None of them reads the process: `main.ts` does. */
import type { Readable, Writable } from 'node:stream';
import type { DestinationStream } from 'pino';
import type { OptionName, Options } from '../options.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a command writes; a terminal is shown progress. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** The process, as far as commands know it. */
export interface ProcessContext {
  readonly environment: Environment;
  readonly cwd: string;
  readonly input: Readable;
  readonly out: Output;
  readonly err: Output;
  /** Where a server logs to. */
  readonly log: DestinationStream;
  /** Aborted by SIGTERM and SIGINT, with the signal's name as its reason. */
  readonly signal: AbortSignal;
}

export interface CommandContext extends ProcessContext {
  /** Positional arguments, in the order in which the command names them. */
  readonly args: readonly string[];
  /** Flags of the command's own, by their long names. */
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  /** Those that the command names, and defaults for the others. */
  readonly options: Options;
  /** The same, without defaults. */
  readonly explicitOptions: Partial<Options>;
  /** Of the server that is asked, if the command asks one and was told. */
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
  /** `<file>`, `[folder]`, each with what it is. */
  readonly args?: readonly (readonly [syntax: string, help: string])[];
  /** What it takes, in words: `one file`. */
  readonly expects: string;
  readonly flags?: readonly Flag[];
  /** Rows of the option table that it reads. */
  readonly options?: readonly OptionName[];
  /** Whether it reads `--url`. */
  readonly usesServer?: boolean;
  /** Lines for a shell, without the prompt. */
  readonly examples: readonly string[];
  /** Serves until it is told to end; others are left two seconds for that. */
  readonly isLongRunning?: boolean;
  /** @returns the exit code, 0 if none */
  run(context: CommandContext): Promise<number | undefined>;
}

export const SUCCEEDED = 0;
export const FAILED = 1;
export const WRONG_USAGE = 2;

/** What a person can mend, in a sentence. Ends with `FAILED`. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';
  /** The API's, if a server has refused it. */
  readonly code: string | undefined;

  constructor(message: string, { code, ...options }: ErrorOptions & { readonly code?: string | undefined } = {}) {
    super(message, options);
    this.code = code;
  }
}

/** The command line is not one that the command takes. */
export class UsageError extends CommandError {
  override readonly name = 'UsageError';
}

/** Rows of the option table that say where a server is and who asks it. */
export const serverOptions: readonly OptionName[] = ['host', 'port', 'publicUrl', 'token'];
export const jsonFlag: Flag = { syntax: '--json', help: 'prints JSON, for scripts' };

/** Prints a result: its JSON if that was asked for, otherwise its text. */
export function print({ out, flags }: CommandContext, result: { readonly text: string; readonly json: unknown }): void {
  out.write(`${flags.json === true ? JSON.stringify(result.json) : result.text}\n`);
}
