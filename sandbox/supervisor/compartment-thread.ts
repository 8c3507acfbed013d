/** One thread of a compartment, seen from outside: its pipe, the code it has, what it was sent to do. */
import type { Duplex } from 'node:stream';
import { Compile } from '#typebox';
import { ById } from '../by-id.ts';
import { type FrameChannel, openFrameChannel } from '../frame.ts';
import { type Bundle, FromThread, type Job, type Limits, type ToThread } from '../protocol.ts';

const MESSAGE_BODY_LIMIT_BYTES = 64 * 1024 * 1024;
/** A thread that has not moved for this long is busy: others are preferred to it. */
const BUSY_AFTER_MS = 25;
/** Replies that the thread has not taken yet; one is sent whatever its size. */
const REPLIES_BYTES = 24 * 1024 * 1024;
const TOO_MUCH_UNREAD = JSON.stringify({
  error: { code: 'overloaded', message: 'Too many replies wait to be read; ask for less at once.' },
});

const fromThread = Compile(FromThread);

export type RunMessage = Exclude<FromThread, { type: 'ready' | 'kept' | 'waiting' | 'running' }>;

/** A job, number 0, or the n-th reply to its run: sent, and not known to be done with. */
interface InFlightMessage {
  readonly runId: string;
  readonly number: number;
  isDone: boolean;
}

interface RunOnThread {
  readonly digest: string;
  readonly connectorId: string;
  /** In their order. */
  readonly inFlight: InFlightMessage[];
  replies: number;
  /** When it got the thread for the first time. */
  startedAt?: number;
}

export class CompartmentThread {
  readonly #channel: FrameChannel<ToThread>;
  readonly #onBroken: () => void;
  /** Code that the thread has, how many of its runs use it, and the limits that it was told last. */
  readonly #bundles = new Map<string, { runs: number; limits?: Limits }>();
  /** The code of each connector's last run; older code goes when no run uses it. */
  readonly #newest = new Map<string, string>();
  /** Runs that have not ended on the thread, whatever their callers were told. */
  readonly #runs = new ById<RunOnThread>();
  /** Of all runs, in the order in which they were sent: the thread is at the first that is not done. */
  readonly #inFlight: InFlightMessage[] = [];
  #openMessages = 0;
  /** The run whose timer the thread is at. */
  #timed: string | undefined;
  /** Takes jobs; what was sent before waits. */
  isReady = false;
  /** When the thread was last heard of, or had something to do again. */
  movedAt = 0;
  /** The run that it was at last, also if that has ended. */
  lastRun: string | undefined;
  /** What it says that it keeps for the next runs. */
  retainedBytes = 0;
  /** What the compartment's watch has noted: the process's CPU time when it last saw the thread move. */
  markedAt = -1;
  cpuMsAtMark = 0;

  /** @param onBroken is called if what comes out is not of the protocol; onEnd, when nothing comes any more */
  constructor(
    pipe: Duplex,
    onReady: () => void,
    onMessage: (message: RunMessage, body: string) => void,
    onBroken: () => void,
    onEnd: () => void,
  ) {
    this.#onBroken = onBroken;
    // A write to a dead one is no news.
    pipe.on('error', () => {}).once('close', onEnd);
    this.#channel = openFrameChannel<ToThread>(
      pipe,
      { bodyBytes: MESSAGE_BODY_LIMIT_BYTES },
      (header, body) => {
        if (!fromThread.Check(header)) return onBroken();
        this.movedAt = performance.now();
        if (header.type === 'ready') {
          if (this.isReady) return onBroken();
          this.isReady = true;
          this.#recordStart();
          onReady();
        } else if (header.type === 'kept') {
          this.retainedBytes = header.bytes;
        } else if (!this.#runs.has(header.runId)) onBroken();
        else if (header.type === 'waiting') this.#rest(header.runId, header.replies);
        else if (header.type === 'running') this.#comeForward(header.runId);
        else onMessage(header, body);
      },
      onBroken,
    );
  }

  get isBusy(): boolean {
    return this.load > 0 && performance.now() - this.movedAt > BUSY_AFTER_MS;
  }

  /** How much it has to do. */
  get load(): number {
    return this.#openMessages + (this.#timed === undefined ? 0 : 1);
  }

  /** The run that is running, if one is. */
  get runningRun(): string | undefined {
    if (this.#timed !== undefined) return this.#timed;
    return this.#inFlight[0]?.runId;
  }

  /** How long its messages have held this thread of ours, all together. */
  get handledMs(): number {
    return this.#channel.handledMs;
  }

  /** When a run got the thread for the first time; undefined as long as it is in the queue. */
  startedAt(runId: string): number | undefined {
    return this.#runs.get(runId)?.startedAt;
  }

  start({ runId, bundle, integrationId, call, limits }: Job): void {
    const held = this.#use(bundle);
    const { connectorId, digest } = bundle;
    const run: RunOnThread = { connectorId, digest, inFlight: [], replies: 0 };
    const isIdle = this.load === 0;
    this.#runs.set(runId, run);
    this.#send(runId, run);
    const header: ToThread & { type: 'job' } = { type: 'job', runId, digest, integrationId };
    if (held.limits !== limits) {
      held.limits = limits;
      header.limits = limits;
    }
    if (call) header.call = { section: call.section, name: call.name };
    this.#channel.send(header, call?.argument);
    // There is nothing that it could wait for others with.
    if (isIdle) this.#channel.flush();
  }

  /** @param spentMs CPU time of the runtime for this run so far */
  reply(runId: string, askId: number, reply: string | Buffer, spentMs = 0): void {
    const run = this.#runs.get(runId);
    if (!run) return;
    run.replies++;
    this.#send(runId, run);
    const { backlogBytes } = this.#channel;
    const isTooMuch = backlogBytes > 0 && backlogBytes + reply.length > REPLIES_BYTES;
    const header: ToThread & { type: 'reply' } = { type: 'reply', runId, askId };
    if (spentMs > 0) header.spentMs = Math.round(spentMs);
    this.#channel.send(header, isTooMuch ? TOO_MUCH_UNREAD : reply);
  }

  /** Replies that it has not read are half of what may wait. */
  get isCongested(): boolean {
    return this.#channel.backlogBytes > REPLIES_BYTES / 2;
  }

  cancel(runId: string): void {
    if (this.#runs.has(runId)) this.#channel.send({ type: 'cancel', runId });
  }

  /** Gives up the isolates that no run has. */
  shed(): void {
    this.#channel.send({ type: 'shed' });
  }

  /** The thread is done with a run for good. */
  ended(runId: string): void {
    const run = this.#runs.get(runId);
    if (!run) return;
    this.#runs.delete(runId);
    for (const message of run.inFlight) this.#finish(message);
    if (this.#timed === runId) this.#timed = undefined;
    this.lastRun = runId;
    this.#recordStart();
    const held = this.#bundles.get(run.digest);
    if (held) held.runs--;
    if (this.#newest.get(run.connectorId) !== run.digest) this.#dropUnused(run.digest);
  }

  #rest(runId: string, replies: number): void {
    const run = this.#runs.get(runId) as RunOnThread;
    const [first] = run.inFlight;
    const isTimed = this.#timed === runId;
    // A thread says it once for each time that it was entered, and of what it has had.
    if (replies > run.replies || (!isTimed && (first?.number ?? replies + 1) > replies)) return this.#onBroken();
    while (run.inFlight[0] && run.inFlight[0].number <= replies) this.#finish(run.inFlight.shift() as InFlightMessage);
    if (isTimed) this.#timed = undefined;
    this.lastRun = runId;
    this.#recordStart();
  }

  /** The first of the queue is what the thread has turned to. */
  #recordStart(): void {
    const run = this.#runs.get(this.runningRun ?? '');
    if (this.isReady && run) run.startedAt ??= performance.now();
  }

  /** A timer's run goes ahead of jobs that the thread has not looked at yet. */
  #comeForward(runId: string): void {
    if (this.#timed !== undefined) return this.#onBroken();
    this.#timed = runId;
    this.#recordStart();
  }

  #send(runId: string, run: RunOnThread): void {
    if (this.load === 0) this.movedAt = performance.now();
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

  #use({ connectorId, digest, filename, format, code }: Bundle): { runs: number; limits?: Limits } {
    let held = this.#bundles.get(digest);
    if (!held) {
      this.#channel.send({ type: 'bundle', connectorId, digest, filename, format }, code);
      held = { runs: 0 };
      this.#bundles.set(digest, held);
    }
    held.runs++;
    const before = this.#newest.get(connectorId);
    if (before !== digest) {
      this.#newest.set(connectorId, digest);
      if (before !== undefined) this.#dropUnused(before);
    }
    return held;
  }

  #dropUnused(digest: string): void {
    if (this.#bundles.get(digest)?.runs !== 0) return;
    this.#bundles.delete(digest);
    this.#channel.send({ type: 'drop', digest });
  }
}
