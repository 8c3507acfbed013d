/** A thread of the pool: does one task at a time. */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { move, transferableSymbol, valueSymbol, workerData } from 'piscina';
import { RequestError } from '../errors.ts';
import { Keyring } from '../record/keyring.ts';
import { movableOf } from './thread-bytes.ts';
import type { Order, Report, Task, TaskContext, Tasks, ThreadData } from './work.ts';

const context: TaskContext = { keyring: Keyring.of((workerData as ThreadData).keys) };

/** In use after a task: what is garbage of it would be there until it is in the way. */
const HEAP_BYTES = 16 * 1024 * 1024;

type Collect = NonNullable<typeof globalThis.gc>;

/** V8 looks for garbage when it needs room; a thread that serves one large task after the other needs it seldom. */
function releaseMemory(): void {
  const { used_heap_size: usedBytes, external_memory: externalBytes } = getHeapStatistics();
  if (usedBytes + externalBytes < HEAP_BYTES) return;
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as Collect)();
}

export default async function work({ module, name, input }: Order): Promise<unknown> {
  const { tasks } = (await import(module)) as { tasks: Tasks<Record<string, Task>> };
  const before = process.threadCpuUsage();
  const spentMs = (): number => {
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1_000;
  };
  try {
    const output = (tasks.functions[name] as Task)(input as never, context);
    return handedOver({ output, cpuMs: spentMs() });
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    const { status, errors, headers } = error;
    return { refusal: { status, errors, headers }, cpuMs: spentMs() } satisfies Report;
  } finally {
    setImmediate(releaseMemory);
  }
}

/** Texts are moved, where nothing else shares their memory. */
function handedOver(report: Report & { readonly output: unknown }): unknown {
  const { text, texts = [text] } = (report.output ?? {}) as { text?: unknown; texts?: readonly unknown[] };
  const movable = movableOf(texts);
  return movable.length > 0 ? move({ [transferableSymbol]: movable, [valueSymbol]: report } as never) : report;
}
