/** Runs the CLI, in a separate process like its users, or in this process. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Output } from '../../src/cli/command.ts';
import { runCommandLine } from '../../src/cli/program.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface CommandOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Input on stdin. */
  readonly input?: string;
  /** Run in its own process group. */
  readonly detached?: boolean;
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Going {
  readonly child: ChildProcessWithoutNullStreams;
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Settles when it ends. */
  readonly finished: Promise<Finished>;
}

/** Starts a command; it is killed when the test ends. */
export function startCommand(args: readonly string[], options: CommandOptions = {}): Going {
  const child = spawn(process.execPath, ['--max-semi-space-size=16', main, ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: { PATH: process.env.PATH ?? '', ...options.environment },
    detached: options.detached ?? false,
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  child.stdin.end(options.input ?? '');
  const finished = once(child, 'close').then(([code]) => ({ code, stdout: out, stderr: err }));
  onTestFinished(async () => {
    if (child.exitCode === null && child.kill('SIGKILL')) await finished;
  });
  return { child, pid: child.pid as number, stdout: () => out, stderr: () => err, finished };
}

/** Runs a command to its end. */
export function runCommand(args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  return startCommand(args, options).finished;
}

export interface CalledOptions extends CommandOptions {
  /** Whether its stdout is a terminal. */
  readonly isTTY?: boolean;
  /** Whether its stderr is one. */
  readonly isErrTTY?: boolean;
  readonly signal?: AbortSignal;
  /** Takes the log's lines. */
  readonly onLog?: (line: string) => void;
}

function collector(isTTY: boolean): { stream: Output; text(): string } {
  let text = '';
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  return { stream: Object.assign(stream, { isTTY, columns: 80 }), text: () => text };
}

/** Runs a command line in this process, which takes a tenth of the time. */
export async function callCommand(args: readonly string[], options: CalledOptions = {}): Promise<Finished> {
  const out = collector(options.isTTY ?? false);
  const err = collector(options.isErrTTY ?? false);
  const code = await runCommandLine(args, {
    environment: { PATH: process.env.PATH ?? '', ...options.environment },
    cwd: options.cwd ?? tmpdir(),
    input: Readable.from([options.input ?? '']),
    out: out.stream,
    err: err.stream,
    log: { write: options.onLog ?? (() => {}) },
    signal: options.signal ?? new AbortController().signal,
  });
  return { code, stdout: out.text(), stderr: err.text() };
}

/** Lines of a text, without the empty last one. */
export const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');
