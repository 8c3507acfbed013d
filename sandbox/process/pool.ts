/** The worker threads of one compartment. The only importer of piscina. */
import { fileURLToPath } from 'node:url';
import type { MessagePort } from 'node:worker_threads';
import { Piscina, queueOptionsSymbol } from 'piscina';
import { occupancyClock } from '../occupancy.ts';
import type { Bundle, CompartmentOptions, FromThread, ThreadHello, ThreadTask, ToThread } from '../protocol.ts';

/** A thread that has been in one isolate for this long is busy: others are preferred to it. */
const BUSY_AFTER_MS = 5;
/** Integrations whose thread is remembered. */
const ROUTES = 10_000;

interface PoolWorker {
  readonly id: number;
  readonly currentUsage: number;
}
/** What the balancer sees of a task; piscina keeps it off the wire. */
interface PoolTask {
  readonly [queueOptionsSymbol]: Pick<ThreadTask, 'runId' | 'integrationId'>;
}

export class Pool {
  readonly #piscina: Piscina<ThreadTask, void>;
  readonly #threads = new Map<number, { port: MessagePort; occupiedSince: Int32Array }>();
  readonly #bundles = new Map<string, Bundle>();
  /** Which thread has an integration's warm isolate. */
  readonly #routes = new Map<string, number>();
  readonly #threadOfRun = new Map<string, number>();

  constructor(options: CompartmentOptions, onMessage: (message: FromThread) => void) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#piscina = new Piscina({
      filename: fileURLToPath(new URL(`../thread/worker.${extension}`, import.meta.url)),
      workerData: options,
      minThreads: 1,
      maxThreads: options.threads,
      // Runs wait for timers and replies in their thread's event loop, many at a time; a worker that
      // sleeps on an atomic between tasks would stop them.
      atomics: 'disabled',
      concurrentTasksPerWorker: 100_000,
      maxQueue: Number.POSITIVE_INFINITY,
      recordTiming: false,
      loadBalancer: ((task: PoolTask, workers: PoolWorker[]) => this.#choose(task, workers)) as never,
    });
    this.#piscina.on('message', (hello: ThreadHello) => {
      const { threadId, port, occupiedSince } = hello;
      this.#threads.set(threadId, { port, occupiedSince });
      port.on('message', onMessage);
      port.on('close', () => this.#threads.delete(threadId));
      for (const bundle of this.#bundles.values()) port.postMessage({ type: 'bundle', bundle } satisfies ToThread);
    });
  }

  addBundle(bundle: Bundle): void {
    this.#bundles.set(bundle.digest, bundle);
    this.#tellAll({ type: 'bundle', bundle });
  }

  dropBundle(digest: string): void {
    this.#bundles.delete(digest);
    this.#tellAll({ type: 'drop', digest });
  }

  /** Rejects if the run's thread died; its outcome comes as a message otherwise. */
  run(task: ThreadTask): Promise<void> {
    const { runId, integrationId } = task;
    const routed = { ...task, [queueOptionsSymbol]: { runId, integrationId } };
    return this.#piscina.run(routed).finally(() => this.#threadOfRun.delete(runId));
  }

  reply(runId: string, askId: number, reply: string): void {
    this.#tell(runId, { type: 'reply', runId, askId, reply });
  }

  cancel(runId: string): void {
    this.#tell(runId, { type: 'cancel', runId });
  }

  async close(): Promise<void> {
    for (const { port } of this.#threads.values()) port.close();
    await this.#piscina.destroy();
  }

  /** The thread with the integration's warm isolate; another one if that is busy; none to have one started. */
  #choose(task: PoolTask, workers: PoolWorker[]): PoolWorker | null {
    const { runId, integrationId } = task[queueOptionsSymbol];
    const home = this.#routes.get(integrationId);
    const free = workers.filter((worker) => !this.#isBusy(worker.id));
    const chosen =
      free.find((worker) => worker.id === home) ??
      leastUsed(free) ??
      (this.#piscina.threads.length < this.#piscina.maxThreads ? null : leastUsed(workers));
    if (!chosen) return null;
    this.#threadOfRun.set(runId, chosen.id);
    this.#routes.delete(integrationId);
    this.#routes.set(integrationId, chosen.id);
    if (this.#routes.size > ROUTES) this.#routes.delete(this.#routes.keys().next().value as string);
    return chosen;
  }

  #isBusy(threadId: number): boolean {
    const thread = this.#threads.get(threadId);
    const since = thread ? Atomics.load(thread.occupiedSince, 0) : 0;
    return since !== 0 && occupancyClock() - since > BUSY_AFTER_MS;
  }

  #tell(runId: string, message: ToThread): void {
    const threadId = this.#threadOfRun.get(runId);
    if (threadId !== undefined) this.#threads.get(threadId)?.port.postMessage(message);
  }

  #tellAll(message: ToThread): void {
    for (const { port } of this.#threads.values()) port.postMessage(message);
  }
}

function leastUsed(workers: PoolWorker[]): PoolWorker | null {
  let least: PoolWorker | null = null;
  for (const worker of workers) if (!least || worker.currentUsage < least.currentUsage) least = worker;
  return least;
}
