/** A compartment's process: Node in its jail, with a pipe for each thread and one that ends it. */
import { spawn } from 'node:child_process';
import { readdirSync, writeFile } from 'node:fs';
import { setPriority } from 'node:os';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Host, HostEnd, ThreadOptions } from '../protocol.ts';
import { jailFlags } from './jail.ts';
import { cannotStart, endedWhileStarting, nodeProgram, PROGRAM_UNKNOWN } from './start-failure.ts';

/**
 * The runtime comes first: of a core that both want it gets two thirds. No lower: compartments share the
 * machine with whatever else runs on it, and their runs have deadlines.
 */
const PRIORITY = 3;
/** A system that is out of memory ends this process before any other. */
const OOM_SCORE_ADJUSTMENT = '1000';
/** How V8 and Node end a process that asks for more memory than there can be. */
const outOfMemory: ReadonlySet<NodeJS.Signals | null> = new Set(['SIGTRAP', 'SIGILL', 'SIGABRT']);

const entry = fileURLToPath(
  new URL(`../process/main.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
);

/** Electron's program is the application; told so, it is Node instead of the application once more. */
const environment = process.versions.electron === undefined ? {} : { ELECTRON_RUN_AS_NODE: '1' };

/** As it is when this is loaded: a host may change its folder. */
const program = nodeProgram(process.execPath);

export function startProcess(options: ThreadOptions): Host {
  const stdio = Array.from({ length: options.threads + 1 }, () => 'pipe' as const);
  if (program === undefined) return failed(PROGRAM_UNKNOWN);
  const child = spawn(program, [...jailFlags(), entry, JSON.stringify(options)], {
    env: environment,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'ignore', ...stdio],
    windowsHide: true,
  });
  const gone = new Promise<HostEnd>((resolve) => {
    child
      .once('exit', (code, signal) => {
        const fault = outOfMemory.has(signal) ? 'memory_limit_exceeded' : 'sandbox_crashed';
        resolve({ fault, problem: endedWhileStarting(code, signal) });
      })
      .once('error', (error) => resolve({ fault: 'sandbox_crashed', problem: cannotStart(error) }));
  });
  // Without descriptors or memory for a process there is none, and no pipes; `error` follows.
  const { pid } = child;
  const [control, ...pipes] = pid === undefined ? [] : (child.stdio.slice(3) as unknown as Duplex[]);
  control?.on('error', () => {});
  if (pid !== undefined) writeFile(`/proc/${pid}/oom_score_adj`, OOM_SCORE_ADJUSTMENT, () => {});
  return { pid, pipes, gone, yield: () => yieldToOthers(pid), kill: () => void child.kill('SIGKILL') };
}

/** One that has never been. */
function failed(problem: string): Host {
  return { pipes: [], gone: Promise.resolve({ fault: 'sandbox_crashed', problem }), yield: () => {}, kill: () => {} };
}

/** As far as the system has such things; on Linux each thread has a priority of its own. */
function yieldToOthers(pid: number | undefined): void {
  if (pid === undefined) return;
  for (const id of threadsOf(pid)) {
    try {
      setPriority(id, PRIORITY);
    } catch {
      // It has ended already, or may not be told.
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
