/** A compartment's process: jailed Node, with a pipe for each thread and a control pipe whose end stops it. */
import { spawn } from 'node:child_process';
import { readdirSync, writeFile } from 'node:fs';
import { setPriority } from 'node:os';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Host, HostExit, ThreadOptions } from '../protocol.ts';
import { jailFlags } from './jail.ts';
import { earlyExitMessage, nodeProgram, spawnErrorMessage, UNKNOWN_PROGRAM_MESSAGE } from './start-failure.ts';

/**
 * A nice value that gives the runtime two thirds of a contended core. No lower priority: compartments
 * share the machine with other programs, and their runs have deadlines.
 */
const PRIORITY = 3;
/** When memory runs out, the system kills this process first. */
const OOM_SCORE_ADJUSTMENT = '1000';
/** The signals with which V8 and Node end a process that runs out of memory. */
const outOfMemory: ReadonlySet<NodeJS.Signals | null> = new Set(['SIGTRAP', 'SIGILL', 'SIGABRT']);

const entry = fileURLToPath(
  new URL(`../process/main.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
);

/** In Electron, the executable is the application. This makes it run as Node instead. */
const environment = process.versions.electron === undefined ? {} : { ELECTRON_RUN_AS_NODE: '1' };

/** Resolved when this module loads: the embedder may change its working directory later. */
const program = nodeProgram(process.execPath);

export function startProcess(options: ThreadOptions): Host {
  const stdio = Array.from({ length: options.threads + 1 }, () => 'pipe' as const);
  if (program === undefined) return failedHost(UNKNOWN_PROGRAM_MESSAGE);
  const child = spawn(program, [...jailFlags(), entry, JSON.stringify(options)], {
    env: environment,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'ignore', ...stdio],
    windowsHide: true,
  });
  const exited = new Promise<HostExit>((resolve) => {
    child
      .once('exit', (code, signal) => {
        const fault = outOfMemory.has(signal) ? 'memory_limit_exceeded' : 'sandbox_crashed';
        resolve({ fault, problem: earlyExitMessage(code, signal) });
      })
      .once('error', (error) => resolve({ fault: 'sandbox_crashed', problem: spawnErrorMessage(error) }));
  });
  // If the process could not be spawned, there is no pid and there are no pipes; `error` follows.
  const { pid } = child;
  const [control, ...pipes] = pid === undefined ? [] : (child.stdio.slice(3) as unknown as Duplex[]);
  control?.on('error', () => {});
  if (pid !== undefined) writeFile(`/proc/${pid}/oom_score_adj`, OOM_SCORE_ADJUSTMENT, () => {});
  return { pid, pipes, exited, lowerPriority: () => lowerPriorityOf(pid), kill: () => void child.kill('SIGKILL') };
}

/** A host that never started. */
function failedHost(problem: string): Host {
  return {
    pipes: [],
    exited: Promise.resolve({ fault: 'sandbox_crashed', problem }),
    lowerPriority: () => {},
    kill: () => {},
  };
}

/** On Linux each thread has its own priority. */
function lowerPriorityOf(pid: number | undefined): void {
  if (pid === undefined) return;
  for (const id of threadsOf(pid)) {
    try {
      setPriority(id, PRIORITY);
    } catch {
      // The thread has ended, or the system does not allow it.
    }
  }
}

function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [pid];
  }
}
