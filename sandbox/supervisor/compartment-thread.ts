/** One thread of a compartment, seen from the runtime's process: its pipe, its bundles, its queue of messages. */
import type { Duplex } from 'node:stream';
import { Compile } from '#typebox';
import { ById } from '../by-id.ts';
import { type FrameChannel, openFrameChannel } from '../frame.ts';
import {
  type Bundle,
  type Call,
  type CallTarget,
  FromThread,
  type Job,
  type Limits,
  type ToThread,
} from '../protocol.ts';

const MESSAGE_BODY_LIMIT_BYTES = 64 * 1024 * 1024;
/** A thread with work that has been silent this long counts as busy: other threads are preferred. */
const BUSY_AFTER_MS = 25;
/** Replies that the thread has not read yet. A single one is sent whatever its size. */
const REPLIES_BYTES = 24 * 1024 * 1024;
const TOO_MUCH_UNREAD = JSON.stringify({
  error: { code: 'overloaded', message: 'Too many replies are waiting to be read. Make fewer requests at once.' },
});

const fromThread = Compile(FromThread);

export type RunMessage = Exclude<FromThread, { type: 'ready' | 'retained' | 'waiting' | 'running' }>;

/** A message that the thread has not handled yet: the job of a run (number 0) or the n-th reply to it. */
interface InFlightMessage {
  readonly runId: string;
  readonly number: number;
  isDone: boolean;
}

interface RunOnThread {
  readonly digest: string;
  readonly connectorId: string;
  /** In the order they were sent. */
  readonly inFlight: InFlightMessage[];
  replies: number;
  /** When it first got the thread. */
  startedAt?: number;
}

function targetOf(call: Call): CallTarget {
  return 'engine' in call ? { engine: call.engine } : { section: call.section, name: call.name };
}

export class CompartmentThread {
  readonly #channel: FrameChannel<ToThread>;
  readonly #onBroken: () => void;
  /** Bundles that the thread has, by digest: how many of its runs use each, and the limits it was last sent. */
  readonly #bundles = new Map<string, { runs: number; limits?: Limits }>();
  /** Digest of each connector's last run. An older bundle is dropped when no run uses it. */
  readonly #newest = new Map<string, string>();
  /** Runs that have not ended on the thread, even if their callers were answered. */
  readonly #runs = new ById<RunOnThread>();
  /** Messages of all runs, in the order they were sent. The thread is at the first that is not done. */
  readonly #inFlight: InFlightMessage[] = [];
  #openMessages = 0;
  /** The run whose timer has the thread. */
  #timerRun: string | undefined;
  /** Whether it takes jobs. What was sent before waits in the pipe. */
  isReady = false;
  /** When the thread last sent something, or was given work while idle. */
  lastActiveAt = 0;
  /** The run that had the thread last, even if it has ended. */
  lastRun: string | undefined;
  /** Memory that it says its isolates retain. */
  retainedBytes = 0;
  #warmBytes = 0;

  /**
   * @param onBroken is called if the thread breaks the protocol
   * @param onEnd is called when the pipe closes
   * @param onRetained is called when `retainedBytes` has changed
   */
  constructor(
    pipe: Duplex,
    onReady: () => void,
    onMessage: (message: RunMessage, body: string) => void,
    onBroken: () => void,
    onEnd: () => void,
    onRetained: () => void,
  ) {
    this.#onBroken = onBroken;
    // Writing to a closed pipe is expected; `close` reports the end.
    pipe.on('error', () => {}).once('close', onEnd);
    this.#channel = openFrameChannel<ToThread>(
      pipe,
      { bodyBytes: MESSAGE_BODY_LIMIT_BYTES },
      (header, body) => {
        if (!fromThread.Check(header)) return onBroken();
        this.lastActiveAt = performance.now();
        if (header.type === 'ready') {
          if (this.isReady) return onBroken();
          this.isReady = true;
          this.#recordStart();
          onReady();
        } else if (header.type === 'retained') {
          this.retainedBytes = header.bytes;
          onRetained();
        } else if (!this.#runs.has(header.runId)) onBroken();
        else if (header.type === 'waiting') this.#onWaiting(header.runId, header.replies);
        else if (header.type === 'running') this.#onTimer(header.runId);
        else onMessage(header, body);
      },
      onBroken,
    );
  }

  get isBusy(): boolean {
    return this.load > 0 && performance.now() - this.lastActiveAt > BUSY_AFTER_MS;
  }

  /** How many messages and timers it has to handle. */
  get load(): number {
    return this.#openMessages + (this.#timerRun === undefined ? 0 : 1);
  }

  /** The run that has the thread. */
  get currentRun(): string | undefined {
    if (this.#timerRun !== undefined) return this.#timerRun;
    return this.#inFlight[0]?.runId;
  }

  /** Total time that our thread has spent on its messages. */
  get handledMs(): number {
    return this.#channel.handledMs;
  }

  /** When a run first got the thread; undefined while it is queued. */
  startedAt(runId: string): number | undefined {
    return this.#runs.get(runId)?.startedAt;
  }

  start({ runId, bundle, integrationId, call, limits }: Job): void {
    const cached = this.#acquireBundle(bundle);
    const { connectorId, digest } = bundle;
    const run: RunOnThread = { connectorId, digest, inFlight: [], replies: 0 };
    const isIdle = this.load === 0;
    this.#runs.set(runId, run);
    this.#queueMessage(runId, run);
    const header: ToThread & { type: 'job' } = { type: 'job', runId, digest, integrationId };
    if (cached.limits !== limits) {
      cached.limits = limits;
      header.limits = limits;
    }
    if (call) header.call = targetOf(call);
    this.#channel.send(header, call?.argument);
    // Nothing else is being sent that it could be batched with.
    if (isIdle) this.#channel.flush();
  }

  /** @param runtimeCpuMs the runtime's CPU time for this run so far */
  reply(runId: string, askId: number, reply: string | Buffer, runtimeCpuMs = 0): void {
    const run = this.#runs.get(runId);
    if (!run) return;
    run.replies++;
    this.#queueMessage(runId, run);
    const { backlogBytes } = this.#channel;
    const isTooMuch = backlogBytes > 0 && backlogBytes + reply.length > REPLIES_BYTES;
    const header: ToThread & { type: 'reply' } = { type: 'reply', runId, askId };
    if (runtimeCpuMs > 0) header.runtimeCpuMs = Math.round(runtimeCpuMs);
    this.#channel.send(header, isTooMuch ? TOO_MUCH_UNREAD : reply);
  }

  /** Whether unread replies take more than half of their limit. */
  get isCongested(): boolean {
    return this.#channel.backlogBytes > REPLIES_BYTES / 2;
  }

  cancel(runId: string): void {
    if (this.#runs.has(runId)) this.#channel.send({ type: 'cancel', runId });
  }

  /** Asks the thread to release its idle isolates. */
  shed(): void {
    this.#channel.send({ type: 'shed' });
  }

  /** Says how much its warm isolates may take together. */
  limitWarm(bytes: number): void {
    if (bytes === this.#warmBytes) return;
    this.#warmBytes = bytes;
    this.#channel.send({ type: 'warm', bytes });
  }

  /** The run has ended on the thread. */
  endRun(runId: string): void {
    const run = this.#runs.get(runId);
    if (!run) return;
    this.#runs.delete(runId);
    for (const message of run.inFlight) this.#finish(message);
    if (this.#timerRun === runId) this.#timerRun = undefined;
    this.lastRun = runId;
    this.#recordStart();
    const cached = this.#bundles.get(run.digest);
    if (cached) cached.runs--;
    if (this.#newest.get(run.connectorId) !== run.digest) this.#dropUnused(run.digest);
  }

  #onWaiting(runId: string, replies: number): void {
    const run = this.#runs.get(runId) as RunOnThread;
    const [first] = run.inFlight;
    const isTimerRun = this.#timerRun === runId;
    // A thread says this once for each entry into the run, and counts only replies it was sent.
    if (replies > run.replies || (!isTimerRun && (first?.number ?? replies + 1) > replies)) return this.#onBroken();
    while (run.inFlight[0] && run.inFlight[0].number <= replies) this.#finish(run.inFlight.shift() as InFlightMessage);
    if (isTimerRun) this.#timerRun = undefined;
    this.lastRun = runId;
    this.#recordStart();
  }

  /** Records the start of the run that has just got the thread. */
  #recordStart(): void {
    const run = this.#runs.get(this.currentRun ?? '');
    if (this.isReady && run) run.startedAt ??= performance.now();
  }

  /** The run with the timer goes ahead of messages that the thread has not read yet. */
  #onTimer(runId: string): void {
    if (this.#timerRun !== undefined) return this.#onBroken();
    this.#timerRun = runId;
    this.#recordStart();
  }

  #queueMessage(runId: string, run: RunOnThread): void {
    if (this.load === 0) this.lastActiveAt = performance.now();
    const message: InFlightMessage = { runId, number: run.replies, isDone: false };
    run.inFlight.push(message);
    this.#inFlight.push(message);
    this.#openMessages++;
    this.#recordStart();
  }

  #finish(message: InFlightMessage): void {
    message.isDone = true;
    this.#openMessages--;
    while (this.#inFlight[0]?.isDone) this.#inFlight.shift();
  }

  #acquireBundle({ connectorId, digest, filename, format, code }: Bundle): { runs: number; limits?: Limits } {
    let cached = this.#bundles.get(digest);
    if (!cached) {
      this.#channel.send({ type: 'bundle', connectorId, digest, filename, format }, code);
      cached = { runs: 0 };
      this.#bundles.set(digest, cached);
    }
    cached.runs++;
    const previous = this.#newest.get(connectorId);
    if (previous !== digest) {
      this.#newest.set(connectorId, digest);
      if (previous !== undefined) this.#dropUnused(previous);
    }
    return cached;
  }

  #dropUnused(digest: string): void {
    if (this.#bundles.get(digest)?.runs !== 0) return;
    this.#bundles.delete(digest);
    this.#channel.send({ type: 'drop', digest });
  }
}
