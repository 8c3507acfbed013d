/** The real sandbox without its first wall: code runs as if it had escaped the isolate. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { copyFile, cp, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type Ask, defaultLimits, fixedAsk, type Outcome, type SandboxOptions } from '../../../sandbox/index.ts';
import type { Attempt, AttemptResult } from './attempt.ts';

export interface BrokenWall {
  /** The code gets its run id in `given.runId`. */
  run(attempted: Attempt, ask?: Partial<Ask>): Promise<Outcome>;
  close(): Promise<void>;
}

const here = fileURLToPath(new URL('.', import.meta.url));

/** Copies the sandbox to a folder from which its libraries resolve, and replaces its first wall. */
export async function openBrokenWall(options: Partial<SandboxOptions> = {}): Promise<BrokenWall> {
  const copy = await mkdtemp(join(here, '.copy-'));
  await cp(join(here, '../../../sandbox'), join(copy, 'sandbox'), { recursive: true });
  for (const name of ['attempt.ts', 'guest-isolate.ts'])
    await copyFile(join(here, name), join(copy, 'sandbox/thread', name));
  const door: typeof import('../../../sandbox/index.ts') = await import(join(copy, 'sandbox/index.ts'));
  const sandbox = door.createSandbox({ prewarmed: false, threads: 1, ...options });
  let runs = 0;
  return {
    run({ code, given }, ask = {}) {
      const runId = `run${++runs}`;
      const bundle = { connectorId: 'c', digest: code, filename: 'c/index.js', format: 'commonjs' as const, code };
      const call = { section: 'settings', name: 'f', argument: JSON.stringify({ ...(given as object), runId }) };
      const granted = { ...fixedAsk('{}'), ...ask };
      return sandbox.run(
        {
          runId,
          bundle,
          integrationId: `i${runs}`,
          call,
          limits: { ...defaultLimits, timeoutMs: 10_000 },
        },
        granted,
      );
    },
    async close() {
      await sandbox.close();
      await rm(copy, { recursive: true, force: true });
    },
  };
}

/** Runs the same in an unjailed process that has an environment and an open file inherited from its parent. */
export async function attemptFreely(
  attempted: Attempt,
  where: 'worker thread' | 'main thread',
  openFile: string,
  retries = 1,
): Promise<AttemptResult> {
  const handle = openSync(openFile, 'r');
  const child = spawn(process.execPath, [join(here, 'free.ts'), where, JSON.stringify(attempted)], {
    env: { CANARY: 'sings' },
    stdio: ['ignore', 'pipe', 'ignore', handle],
  });
  closeSync(handle);
  const result = await text(child.stdout as NodeJS.ReadableStream);
  // Node itself crashes about once in hundreds of runs when threads of a process send each other messages.
  if (result === '' && retries > 0) return attemptFreely(attempted, where, openFile, retries - 1);
  return JSON.parse(result);
}
