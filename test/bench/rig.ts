/** What the parts of the bench share: servers in processes of their own, and the load generator in another. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Client, createClient } from '../support/client.ts';
import { type BundleText, writeBundle } from '../support/folders.ts';
import { startArguments, startEnvironment } from '../support/start.ts';
import type { Load, Measured } from './load.ts';

export const TOKEN = 'the-benchs-token';
/** With fewer, what is measured and what measures share them anyway. */
const CORES_TO_PIN = 4;

export interface Settings {
  /** Of one measurement. */
  readonly seconds: number;
  readonly rounds: number;
}

export interface ProcessOptions {
  /** In a process group of its own, which Ctrl+C does not reach. */
  readonly detached?: boolean;
  /** Takes each line of its stderr; by default they are printed. */
  readonly onErrorLine?: (line: string) => void;
}

export interface Running {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface Bulkhead extends Running {
  readonly client: Client;
  /** From the start of the process until it said where it listens. */
  readonly startMs: number;
  /** Installs a connector by its name; gives the integration's id. */
  install(name: string): Promise<string>;
}

export const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Starts a script that prints where it listens. @param args Node's, without those for the new space */
export async function startScript(
  file: string,
  environment: Record<string, string> = {},
  args: readonly string[] = ['--max-semi-space-size=16', file],
  { detached = false, onErrorLine }: ProcessOptions = {},
): Promise<Running> {
  const child: ChildProcess = spawn(process.execPath, args, {
    cwd: here('../..'),
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdio: ['ignore', 'pipe', onErrorLine ? 'pipe' : 'inherit'],
    detached,
  });
  if (onErrorLine && child.stderr) createInterface(child.stderr).on('line', onErrorLine);
  const ended = once(child, 'exit');
  const url = await new Promise<string>((resolve, reject) => {
    let out = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      out += `${text}`;
      const found = /listening on (http:\S+)\n/.exec(out)?.[1];
      if (found) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)));
  });
  return {
    url,
    pid: child.pid as number,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** A server with some bundles, in a folder of its own that goes with it. */
export async function startBulkhead(
  bundles: Readonly<Record<string, BundleText>>,
  environment: Record<string, string> = {},
  options: ProcessOptions = {},
): Promise<Bulkhead> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-bench-'));
  await mkdir(join(folder, 'connectors'));
  for (const [name, bundle] of Object.entries(bundles)) await writeBundle(join(folder, 'connectors'), name, bundle);
  const startedAt = performance.now();
  const server = {
    BULKHEAD_PORT: '0',
    BULKHEAD_TOKEN: TOKEN,
    BULKHEAD_DATA: join(folder, 'data'),
    BULKHEAD_CONNECTORS: join(folder, 'connectors'),
    BULKHEAD_LOG: 'error',
    ...environment,
  };
  const running = await startScript('npm start', { ...startEnvironment, ...server }, startArguments, options);
  const startMs = performance.now() - startedAt;
  const client = createClient(running.url, TOKEN);
  return {
    ...running,
    startMs,
    client,
    async install(name) {
      const rows: { _id: string; name: string }[] = (await client('GET', '/connectors')).body;
      const connectorId = rows.find((row) => row.name === name)?._id;
      const reply = await client('POST', `/integrations/${connectorId}/install`);
      if (reply.status !== 200) throw new Error(`install of ${name}: ${reply.status} ${reply.text}`);
      return reply.body._id;
    },
    async stop() {
      await running.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function installMany(server: Bulkhead, name: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) ids.push(await server.install(name));
  return ids;
}

/** One measurement by the load generator, on a core of its own where there are enough. */
export async function measure(load: Omit<Load, 'token'>): Promise<Measured> {
  const command = [process.execPath, here('load.ts')];
  const cores = availableParallelism();
  if (process.platform === 'linux' && cores >= CORES_TO_PIN) command.unshift('taskset', '-c', String(cores - 1));
  const [file = '', ...args] = command;
  const running = promisify(execFile)(file, args);
  running.child.stdin?.end(JSON.stringify({ token: TOKEN, ...load }));
  const { stdout } = await running;
  return JSON.parse(stdout) as Measured;
}

export async function timedMs(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
