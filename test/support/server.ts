/** The product as users start it: `npm start` in its own process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { engineEnvironment } from './engine.ts';
import { startArguments, startEnvironment } from './start.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Server {
  readonly url: string;
  readonly pid: number;
  /** Its stdout so far. */
  stdout(): string;
  stderr(): string;
  /** Signals the server itself, and waits until it ends. */
  stop(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

function start(
  args: readonly string[],
  environment: Record<string, string>,
  node: readonly string[],
  shell: string,
): { child: ChildProcess; out: () => string; err: () => string } {
  const command = [process.execPath, ...node, ...args];
  // Replaces the shell, so that signals reach the server.
  const [program = '', ...rest] = shell === '' ? command : ['sh', '-c', `${shell} exec "$@"`, 'sh', ...command];
  const child = spawn(program, rest, {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', ...startEnvironment, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return { child, out: () => out, err: () => err };
}

/** Starts the server's main file and waits until it listens; it is killed when the test ends. @param node its flags and file; @param shell what a shell does before */
export async function startServer(
  environment: Record<string, string>,
  args: readonly string[] = [],
  node: readonly string[] = startArguments,
  shell = '',
): Promise<Server> {
  const launching = launchServer(environment, args, node, shell);
  onTestFinished(() => launching.then((server) => void server.stop('SIGKILL')).catch(() => {}));
  return launching;
}

/** The same outside of a test: the caller has to stop it. */
export async function launchServer(
  environment: Record<string, string>,
  args: readonly string[] = [],
  node: readonly string[] = startArguments,
  shell = '',
): Promise<Server> {
  // A server creates no folder for connectors that it was told to use.
  if (environment.BULKHEAD_CONNECTORS !== undefined) await mkdir(environment.BULKHEAD_CONNECTORS, { recursive: true });
  const engine = await engineEnvironment(environment.BULKHEAD_DATA);
  const { child, out, err } = start(args, { BULKHEAD_PORT: '0', ...engine, ...environment }, node, shell);
  const exited = once(child, 'exit');
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', () => {
      const found = /listening on (http:\S+)\n/.exec(out())?.[1];
      if (found) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${err()}`)));
  });
  return {
    url,
    pid: child.pid as number,
    stdout: out,
    stderr: err,
    async stop(signal) {
      child.kill(signal);
      const [code, endedBy] = await exited;
      return { code, signal: endedBy };
    },
  };
}
