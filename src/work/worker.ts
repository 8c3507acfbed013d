/** A pool thread. Runs one task at a time. */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { move, transferableSymbol, valueSymbol, workerData } from 'piscina';
import { RequestError } from '../errors.ts';
import { Keyring } from '../record/keyring.ts';
import { transferableBuffers } from './thread-bytes.ts';
import type { Task, TaskContext, TaskMessage, TaskReport, Tasks, ThreadData } from './work.ts';

const context: TaskContext = { keyring: Keyring.of((workerData as ThreadData).keys) };

/** Collect garbage after a task if the thread uses more than this. */
const GC_THRESHOLD_BYTES = 16 * 1024 * 1024;

type Collect = NonNullable<typeof globalThis.gc>;

/** V8 collects garbage only when it runs short, which an idle thread never does. */
function releaseMemory(): void {
  const { used_heap_size: usedBytes, external_memory: externalBytes } = getHeapStatistics();
  if (usedBytes + externalBytes < GC_THRESHOLD_BYTES) return;
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as Collect)();
}

export default async function work({ module, name, input }: TaskMessage): Promise<unknown> {
  const { tasks } = (await import(module)) as { tasks: Tasks<Record<string, Task>> };
  const before = process.threadCpuUsage();
  const spentMs = (): number => {
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1_000;
  };
  try {
    const output = (tasks.functions[name] as Task)(input as never, context);
    return withTransfers({ output, cpuMs: spentMs() });
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    const { status, errors, headers } = error;
    return { refusal: { status, errors, headers }, cpuMs: spentMs() } satisfies TaskReport;
  } finally {
    setImmediate(releaseMemory);
  }
}

/** Transfers the texts in the output instead of copying them, if nothing else shares their memory. */
function withTransfers(report: TaskReport & { readonly output: unknown }): unknown {
  const { text, texts = [text] } = (report.output ?? {}) as { text?: unknown; texts?: readonly unknown[] };
  const movable = transferableBuffers(texts);
  return movable.length > 0 ? move({ [transferableSymbol]: movable, [valueSymbol]: report } as never) : report;
}
