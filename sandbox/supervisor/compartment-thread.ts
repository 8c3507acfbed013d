/** One thread of a compartment, seen from outside: its pipe, the code it has, the runs that may be running in it. */
import type { Duplex } from 'node:stream';
import { Compile } from 'typebox/compile';
import { type FrameChannel, openFrameChannel } from '../frame.ts';
import { type Bundle, FromThread, type Job, type Limits, type ToThread } from '../protocol.ts';

const MESSAGE_BODY_LIMIT_BYTES = 64 * 1024 * 1024;
/** A thread that has not moved for this long is busy: others are preferred to it. */
const BUSY_AFTER_MS = 25;

const fromThread = Compile(FromThread);

export type RunMessage = Exclude<FromThread, { type: 'ready' | 'waiting' | 'running' }>;

export class CompartmentThread {
  readonly #channel: FrameChannel<ToThread>;
  /** Code that the thread has, how many of its runs use it, and the limits that it was told last. */
  readonly #bundles = new Map<string, { runs: number; limits?: Limits }>();
  /** The code of each connector's last run; older code goes when no run uses it. */
  readonly #newest = new Map<string, string>();
  /** Runs that may be running, in the order in which they became so; the others wait. */
  #active = new Set<string>();
  /** Takes jobs; what was sent before waits. */
  isReady = false;
  /** When the thread was last heard of, or had something to do again. */
  movedAt = 0;
  /** When runs that have begun did so. */
  readonly #begunAt = new Map<string, number>();
  readonly #repliesTo = new Map<string, number>();
  /** What the compartment's watch has noted: the process's CPU time when it last saw the thread move. */
  markedAt = -1;
  cpuMsAtMark = 0;

  /** @param onBroken is called if what comes out is not of the protocol */
  constructor(
    pipe: Duplex,
    onReady: () => void,
    onMessage: (message: RunMessage, body: string) => void,
    onBroken: () => void,
  ) {
    // The end of the pipe is seen as the end of the process; a write to a dead one is no news.
    pipe.on('error', () => {});
    this.#channel = openFrameChannel<ToThread>(
      pipe,
      { bodyBytes: MESSAGE_BODY_LIMIT_BYTES },
      (header, body) => {
        if (!fromThread.Check(header)) return onBroken();
        this.movedAt = performance.now();
        if (header.type === 'ready') {
          this.isReady = true;
          onReady();
        } else if (header.type === 'waiting') this.#rest(header.runId, header.replies);
        else if (header.type === 'running') this.#comeForward(header.runId);
        else onMessage(header, body);
      },
      onBroken,
    );
  }

  get isBusy(): boolean {
    return this.#active.size > 0 && performance.now() - this.movedAt > BUSY_AFTER_MS;
  }

  get activeRuns(): ReadonlySet<string> {
    return this.#active;
  }

  /** The run that is running, if one is: a thread takes them in their order. */
  get runningRun(): string | undefined {
    const [first] = this.#active;
    return first;
  }

  /** When a run got the thread for the first time; undefined as long as it is in the queue. */
  begunAt(runId: string): number | undefined {
    return this.#begunAt.get(runId);
  }

  start({ runId, bundle, integrationId, call, limits }: Job): void {
    const held = this.#use(bundle);
    this.#activate(runId);
    const header: ToThread & { type: 'job' } = { type: 'job', runId, digest: bundle.digest, integrationId };
    if (held.limits !== limits) {
      held.limits = limits;
      header.limits = limits;
    }
    if (call) header.call = { section: call.section, name: call.name };
    this.#channel.send(header, call?.argument);
  }

  reply(runId: string, askId: number, reply: string): void {
    this.#repliesTo.set(runId, (this.#repliesTo.get(runId) ?? 0) + 1);
    this.#activate(runId);
    this.#channel.send({ type: 'reply', runId, askId }, reply);
  }

  cancel(runId: string): void {
    this.#channel.send({ type: 'cancel', runId });
  }

  ended({ runId, bundle: { connectorId, digest } }: Job): void {
    this.#active.delete(runId);
    this.#begunAt.delete(runId);
    this.#repliesTo.delete(runId);
    this.#noteBegin();
    const held = this.#bundles.get(digest);
    if (held) held.runs--;
    if (this.#newest.get(connectorId) !== digest) this.#dropUnused(digest);
  }

  #rest(runId: string, replies: number): void {
    // A reply was on its way when the run said this: it runs again.
    if (replies < (this.#repliesTo.get(runId) ?? 0)) return;
    this.#active.delete(runId);
    this.#noteBegin();
  }

  /** The first of the queue is what the thread has turned to. */
  #noteBegin(): void {
    const { runningRun } = this;
    if (runningRun !== undefined && !this.#begunAt.has(runningRun)) this.#begunAt.set(runningRun, performance.now());
  }

  /** A timer's run goes ahead of jobs that the thread has not looked at yet. */
  #comeForward(runId: string): void {
    this.#active.delete(runId);
    this.#active = new Set([runId, ...this.#active]);
  }

  #activate(runId: string): void {
    if (this.#active.size === 0) this.movedAt = performance.now();
    this.#active.add(runId);
    this.#noteBegin();
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
