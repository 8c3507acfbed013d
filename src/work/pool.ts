/** The pool behind `Work`: one thread, started with the first large task, in which connectors take turns. */
import { getCompileCacheDir } from 'node:module';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import type { Piscina } from 'piscina';
import { RequestError, requestError } from '../errors.ts';
import { LARGE_BYTES } from '../json.ts';
import { FairSemaphore } from './fair-semaphore.ts';
import { bufferOf, movableOf } from './thread-bytes.ts';
import type { Account, InputOf, Order, OutputOf, Report, Task, TaskContext, Tasks, ThreadData, Work } from './work.ts';

const THREADS = 1;
/** It ends when it has had nothing to do for so long: its memory is for others. */
const IDLE_MS = 3_000;
/** Of one task. */
const TASK_MS = 10_000;
/** Heap of the thread. What needs more is refused, and takes nobody else along. */
const HEAP_MB = 384;
/** Of that for new objects. */
const NEW_SPACE_MB = 4;
/** The thread's priority is that of compartments: the event loop comes first. */
const NICE = 3;
const V8_THAT_SHARES = 14;
/** JSON that waits or is being worked on, all together. */
const WAITING_BYTES = 256 * 1024 * 1024;

export class WorkPool implements Work {
  readonly #semaphore = new FairSemaphore(THREADS);
  #pool: Promise<Piscina<Order, Report>> | undefined;
  #waitingBytes = 0;
  readonly #closing = new AbortController();
  readonly #context: TaskContext;

  constructor(context: TaskContext) {
    this.#context = context;
  }

  async run<Functions extends Record<string, Task>, Name extends keyof Functions & string>(
    tasks: Tasks<Functions>,
    name: Name,
    input: InputOf<Functions[Name]>,
    bytes: number,
    account: Account,
  ): Promise<OutputOf<Functions[Name]>> {
    if (bytes <= LARGE_BYTES) return this.runNow(tasks, name, input);
    if (this.#waitingBytes + bytes > WAITING_BYTES) {
      throw requestError('overloaded', { message: 'Too much JSON waits to be looked at.' });
    }
    this.#waitingBytes += bytes;
    try {
      return (await this.#runInPool({ module: tasks.module, name, input }, account)) as OutputOf<Functions[Name]>;
    } finally {
      this.#waitingBytes -= bytes;
    }
  }

  runNow<Functions extends Record<string, Task>, Name extends keyof Functions & string>(
    { functions }: Tasks<Functions>,
    name: Name,
    input: InputOf<Functions[Name]>,
  ): OutputOf<Functions[Name]> {
    return (functions[name] as Task)(input as never, this.#context) as OutputOf<Functions[Name]>;
  }

  async close(): Promise<void> {
    this.#closing.abort(requestError('shutting_down'));
    await (await this.#pool)?.destroy();
  }

  async #runInPool(order: Order, account: Account): Promise<unknown> {
    const leave = await this.#semaphore.enter(account.owner, this.#closing.signal);
    try {
      this.#pool ??= startPool(this.#context);
      const pool = await this.#pool;
      const transferList = movedIn(order.input);
      const report = await pool.run(order, { signal: AbortSignal.timeout(TASK_MS), transferList }).catch((error) => {
        throw failureOf(error);
      });
      account.charge(report.cpuMs);
      if (!('refusal' in report)) return withBuffer(report.output);
      const { status, errors, headers } = report.refusal;
      throw new RequestError(status, errors, headers);
    } finally {
      leave();
    }
  }
}

/** The library, and the thread, come with the first task that is large. */
async function startPool({ keyring }: TaskContext): Promise<Piscina<Order, Report>> {
  const { Piscina } = await import('piscina');
  // A heap's pages go back to the system when its thread ends, and not to the other threads.
  if (Number.parseInt(process.versions.v8, 10) >= V8_THAT_SHARES)
    setFlagsFromString('--no-memory-pool-share-memory-on-teardown');
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new URL(`./worker.${extension}`, import.meta.url).href;
  return new Piscina<Order, Report>({
    filename: fileURLToPath(new URL('./thread.js', import.meta.url)),
    workerData: { worker, cacheFolder: getCompileCacheDir(), keys: keyring.keys } satisfies ThreadData,
    minThreads: 0,
    maxThreads: THREADS,
    idleTimeout: IDLE_MS,
    niceIncrement: NICE,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: NEW_SPACE_MB },
    env: {},
    // A host's flags are not for it.
    execArgv: [],
    recordTiming: false,
    // A thread that stands still until the next task comes would not get round to what it does after one.
    atomics: 'disabled',
  });
}

/** Bytes that an input names `moved` change hands. */
function movedIn(input: unknown): object {
  const { moved } = (input ?? {}) as { moved?: unknown };
  // The type of the list is a browser's, where such a list has another name.
  return movableOf([moved]);
}

function withBuffer(output: unknown): unknown {
  const { text } = (output ?? {}) as { text?: unknown };
  if (!(text instanceof Uint8Array)) return output;
  return { ...(output as object), text: bufferOf(text) };
}

function failureOf(error: unknown): unknown {
  const { name, code } = error as NodeJS.ErrnoException;
  if (name === 'AbortError' || name === 'TimeoutError') {
    return requestError('overloaded', { message: 'It took too long to look at so much JSON.' });
  }
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return requestError('request_too_large', { message: 'It takes too much memory to look at so much JSON.' });
  }
  return error;
}
