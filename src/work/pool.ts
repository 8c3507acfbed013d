/** The pool behind `Work`: one thread, started at the first large task and shared fairly by connectors. */
import { getCompileCacheDir } from 'node:module';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import type { Piscina } from 'piscina';
import { FairSemaphore } from '../../sandbox/index.ts';
import { RequestError, requestError } from '../errors.ts';
import { LARGE_BYTES } from '../json.ts';
import { bufferOf, transferableBuffers } from './thread-bytes.ts';
import type {
  Account,
  InputOf,
  OutputOf,
  Task,
  TaskContext,
  TaskMessage,
  TaskReport,
  Tasks,
  ThreadData,
  Work,
} from './work.ts';

const THREADS = 1;
/** An idle thread ends after this time, to free its memory. */
const IDLE_MS = 3_000;
const TASK_TIMEOUT_MS = 10_000;
/** Heap of the thread. A task that needs more fails alone. */
const HEAP_MB = 384;
/** Part of the heap for new objects. */
const NEW_SPACE_MB = 4;
/** The same priority as compartments: below the event loop. */
const NICE = 3;
/** First V8 version that passes the heap pages of an ended thread on to other threads. */
const V8_SHARING_PAGES = 14;
/** JSON queued or in work, in total. */
const QUEUED_BYTES = 256 * 1024 * 1024;

export class WorkPool implements Work {
  readonly #semaphore = new FairSemaphore(THREADS);
  #pool: Promise<Piscina<TaskMessage, TaskReport>> | undefined;
  #queuedBytes = 0;
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
    if (this.#queuedBytes + bytes > QUEUED_BYTES) {
      throw requestError('overloaded', { message: 'Too much JSON is waiting to be processed.' });
    }
    this.#queuedBytes += bytes;
    try {
      return (await this.#runInPool({ module: tasks.module, name, input }, account)) as OutputOf<Functions[Name]>;
    } finally {
      this.#queuedBytes -= bytes;
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

  async #runInPool(message: TaskMessage, account: Account): Promise<unknown> {
    const release = await this.#semaphore.acquire(account.owner, this.#closing.signal);
    try {
      this.#pool ??= startPool(this.#context);
      const pool = await this.#pool;
      const transferList = transferListOf(message.input);
      const report = await pool
        .run(message, { signal: AbortSignal.timeout(TASK_TIMEOUT_MS), transferList })
        .catch((error) => {
          throw taskError(error);
        });
      account.charge(report.cpuMs);
      if (!('refusal' in report)) return withBuffer(report.output);
      const { status, errors, headers } = report.refusal;
      throw new RequestError(status, errors, headers);
    } finally {
      release();
    }
  }
}

/** Loads the library and starts the thread at the first large task. */
async function startPool({ keyring }: TaskContext): Promise<Piscina<TaskMessage, TaskReport>> {
  const { Piscina } = await import('piscina');
  // Return the heap's pages to the system instead.
  if (Number.parseInt(process.versions.v8, 10) >= V8_SHARING_PAGES)
    setFlagsFromString('--no-memory-pool-share-memory-on-teardown');
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new URL(`./worker.${extension}`, import.meta.url).href;
  return new Piscina<TaskMessage, TaskReport>({
    filename: fileURLToPath(new URL('./thread.js', import.meta.url)),
    workerData: { worker, cacheFolder: getCompileCacheDir(), keys: keyring.keys } satisfies ThreadData,
    minThreads: 0,
    maxThreads: THREADS,
    idleTimeout: IDLE_MS,
    niceIncrement: NICE,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: NEW_SPACE_MB },
    env: {},
    // The host's flags do not apply.
    execArgv: [],
    recordTiming: false,
    // With atomics, a thread blocks until the next task and never runs the `setImmediate` after the last one.
    atomics: 'disabled',
  });
}

/** `input.moved` is transferred, not copied. piscina types the list as a DOM type that Node lacks. */
function transferListOf(input: unknown): object {
  const { moved } = (input ?? {}) as { moved?: unknown };
  return transferableBuffers([moved]);
}

function withBuffer(output: unknown): unknown {
  const { text } = (output ?? {}) as { text?: unknown };
  if (!(text instanceof Uint8Array)) return output;
  return { ...(output as object), text: bufferOf(text) };
}

function taskError(error: unknown): unknown {
  const { name, code } = error as NodeJS.ErrnoException;
  if (name === 'AbortError' || name === 'TimeoutError') {
    return requestError('overloaded', { message: 'The JSON took too long to process.' });
  }
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return requestError('request_too_large', { message: 'Processing the JSON takes too much memory.' });
  }
  return error;
}
