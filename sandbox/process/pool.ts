/** The worker threads of one compartment. The only importer of piscina. */
import { fileURLToPath } from 'node:url';
import type { MessagePort } from 'node:worker_threads';
import { Piscina, queueOptionsSymbol } from 'piscina';
import { occupancyClock } from '../occupancy.ts';
import type { Bundle, CompartmentOptions, FromThread, ThreadHello, ThreadJob, ToThread } from '../protocol.ts';

/** A thread that has been in one isolate for this long is busy: others are preferred to it. */
const BUSY_AFTER_MS = 5;
/** Integrations whose thread is remembered. */
const ROUTES = 10_000;

interface Thread {
  readonly id: number;
  readonly port: MessagePort;
  readonly occupiedSince: Int32Array;
  readonly runIds: Set<string>;
  /** Jobs of this turn of the event loop; they leave together. */
  outgoing: ThreadJob[];
}

interface PoolWorker {
  readonly id: number;
}
/** What the balancer sees of a task; piscina keeps it off the wire. */
interface RoutedTask {
  readonly [queueOptionsSymbol]: { readonly threadId: number };
}

export class Pool {
  readonly #piscina: Piscina<ThreadJob[], void>;
  readonly #threads = new Map<number, Thread>();
  readonly #bundles = new Map<string, Bundle>();
  /** Which thread has an integration's warm isolate. */
  readonly #routes = new Map<string, number>();
  readonly #threadOfRun = new Map<string, Thread>();
  /** Jobs that came before the first thread was there. */
  #early: ThreadJob[] = [];
  readonly #onMessage: (message: FromThread) => void;

  /** @param onReady is called when the first thread can run something. */
  constructor(options: CompartmentOptions, onMessage: (message: FromThread) => void, onReady: () => void) {
    this.#onMessage = onMessage;
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#piscina = new Piscina({
      filename: fileURLToPath(new URL(`../thread/worker.${extension}`, import.meta.url)),
      workerData: options,
      minThreads: options.threads,
      maxThreads: options.threads,
      // Runs wait for timers and replies in their thread's event loop, many at a time; a worker that
      // sleeps on an atomic between tasks would stop them.
      atomics: 'disabled',
      concurrentTasksPerWorker: Number.MAX_SAFE_INTEGER,
      maxQueue: Number.POSITIVE_INFINITY,
      recordTiming: false,
      loadBalancer: ((task: RoutedTask, workers: PoolWorker[]) =>
        workers.find(({ id }) => id === task[queueOptionsSymbol].threadId) ?? null) as never,
    });
    this.#piscina.on('message', (hello: ThreadHello) => {
      this.#welcome(hello);
      if (this.#threads.size === 1) onReady();
    });
    // A thread that died is seen at its port; piscina starts another.
    this.#piscina.on('error', () => {});
  }

  addBundle(bundle: Bundle): void {
    this.#bundles.set(bundle.digest, bundle);
    this.#tellAll({ type: 'bundle', bundle });
  }

  dropBundle(digest: string): void {
    this.#bundles.delete(digest);
    this.#tellAll({ type: 'drop', digest });
  }

  /** The outcome comes as a message. */
  run(job: ThreadJob): void {
    const thread = this.#choose(job.integrationId);
    if (!thread) {
      this.#early.push(job);
      return;
    }
    thread.runIds.add(job.runId);
    this.#threadOfRun.set(job.runId, thread);
    if (thread.outgoing.push(job) === 1) queueMicrotask(() => this.#send(thread));
  }

  reply(runId: string, askId: number, reply: string): void {
    this.#threadOfRun.get(runId)?.port.postMessage({ type: 'reply', runId, askId, reply } satisfies ToThread);
  }

  cancel(runId: string): void {
    this.#threadOfRun.get(runId)?.port.postMessage({ type: 'cancel', runId } satisfies ToThread);
  }

  #welcome({ threadId, port, occupiedSince }: ThreadHello): void {
    const thread: Thread = { id: threadId, port, occupiedSince, runIds: new Set(), outgoing: [] };
    this.#threads.set(threadId, thread);
    for (const bundle of this.#bundles.values()) port.postMessage({ type: 'bundle', bundle } satisfies ToThread);
    port.on('message', (messages: FromThread[]) => {
      for (const message of messages) {
        if (message.type === 'outcome') this.#forget(message.runId, thread);
        this.#onMessage(message);
      }
    });
    port.on('close', () => {
      this.#threads.delete(threadId);
      for (const runId of thread.runIds) {
        this.#forget(runId, thread);
        this.#onMessage({ type: 'outcome', runId, outcome: crashed });
      }
    });
    const early = this.#early;
    this.#early = [];
    for (const job of early) this.run(job);
  }

  #forget(runId: string, thread: Thread): void {
    thread.runIds.delete(runId);
    this.#threadOfRun.delete(runId);
  }

  #send(thread: Thread): void {
    const jobs = thread.outgoing;
    thread.outgoing = [];
    const task = Object.assign(jobs, { [queueOptionsSymbol]: { threadId: thread.id } });
    // A task that fails is a thread that died: its port says so.
    this.#piscina.run(task).catch(() => {});
  }

  /** The thread with the integration's warm isolate; if that is busy, the least used of the others. */
  #choose(integrationId: string): Thread | undefined {
    const home = this.#threads.get(this.#routes.get(integrationId) ?? -1);
    if (home && !isBusy(home)) return home;
    const threads = [...this.#threads.values()];
    const free = threads.filter((thread) => !isBusy(thread));
    const [chosen] = (free.length > 0 ? free : threads).sort((a, b) => a.runIds.size - b.runIds.size);
    if (!chosen) return undefined;
    this.#routes.delete(integrationId);
    this.#routes.set(integrationId, chosen.id);
    if (this.#routes.size > ROUTES) this.#routes.delete(this.#routes.keys().next().value as string);
    return chosen;
  }

  #tellAll(message: ToThread): void {
    for (const { port } of this.#threads.values()) port.postMessage(message);
  }
}

const crashed = {
  status: 'faulted',
  fault: 'sandbox_crashed',
  message: '',
  spent: { wallMs: 0, cpuMs: 0, heapBytes: 0 },
} as const;

function isBusy({ occupiedSince }: Thread): boolean {
  const since = Atomics.load(occupiedSince, 0);
  return since !== 0 && occupancyClock() - since > BUSY_AFTER_MS;
}
