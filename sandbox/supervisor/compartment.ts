/**
 * One compartment, seen from the runtime's process: the child, the pipe to it, the runs that are in
 * it. What comes out of the pipe is checked; a compartment that breaks the protocol is killed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Compile } from 'typebox/compile';
import { type FrameChannel, openFrameChannel } from '../frame.ts';
import {
  type Ask,
  type Bundle,
  type CompartmentOptions,
  type Fault,
  FromCompartment,
  type Job,
  nothingSpent,
  type Outcome,
  type ToCompartment,
} from '../protocol.ts';
import { jailFlags } from './jail.ts';

const MESSAGE_BODY_LIMIT_BYTES = 64 * 1024 * 1024;
/** A process that is not ready by then will not be. */
const START_LIMIT_MS = 15_000;
/** A run that is over its time by this much is not going to end by itself. */
const GRACE_MS = 500;

const message = Compile(FromCompartment);
const entry = fileURLToPath(
  new URL(`../process/main.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
);

interface RunInside {
  readonly job: Job;
  readonly ask: Ask;
  readonly settle: (outcome: Outcome) => void;
  overdue?: NodeJS.Timeout;
  /** Made with the first request; aborted when the run ends, for what it asked and did not wait for. */
  ended?: AbortController;
  readonly startedAt: number;
  readonly onCancel: () => void;
}

export class Compartment {
  readonly #child: ChildProcess;
  readonly #channel: FrameChannel<ToCompartment>;
  readonly #runs = new Map<string, RunInside>();
  /** Code that the compartment has: how many of its runs use it. */
  readonly #bundles = new Map<string, number>();
  /** The code of each connector's last run; older code goes when no run uses it. */
  readonly #newest = new Map<string, string>();
  readonly #onEnd: () => void;
  /** The run whose deadline ran out, if that is why it was killed. */
  #overdue: string | undefined;
  #wasLetGo = false;
  #isReady = false;
  #isDying = false;
  #ended = false;
  readonly ready: Promise<void>;
  readonly gone: Promise<void>;
  /** When the last run ended; for choosing the one that is let go. */
  idleSince = performance.now();

  /** @param onEnd is called once, when the process has gone for whatever reason. */
  constructor(options: CompartmentOptions, onEnd: () => void) {
    this.#onEnd = onEnd;
    this.#child = spawn(process.execPath, [...jailFlags(), entry, JSON.stringify(options)], {
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      windowsHide: true,
    });
    const pipe = this.#child.stdio[3] as unknown as Duplex;
    // The end of the pipe is seen as the end of the process; a write to a dead one is no news.
    pipe.on('error', () => {});
    const startLimit = setTimeout(() => this.#kill(), START_LIMIT_MS);
    let becameReady = (): void => {};
    this.ready = new Promise((resolve) => {
      becameReady = resolve;
    });
    this.gone = new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(startLimit);
        this.#end();
        resolve();
      };
      this.#child.once('exit', end).once('error', end);
    });
    this.#channel = openFrameChannel<ToCompartment>(
      pipe,
      { bodyBytes: MESSAGE_BODY_LIMIT_BYTES },
      (header, body) => {
        if (!message.Check(header)) return this.#kill();
        if (header.type === 'ready') {
          if (this.#isReady) return;
          this.#isReady = true;
          clearTimeout(startLimit);
          for (const run of this.#runs.values()) this.#startClock(run);
          becameReady();
        } else this.#take(header, body);
      },
      () => this.#kill(),
    );
  }

  /** Takes no more runs. */
  get isGone(): boolean {
    return this.#isDying || this.#ended;
  }

  get runsInside(): number {
    return this.#runs.size;
  }

  run(job: Job, ask: Ask): Promise<Outcome> {
    const { runId, bundle, integrationId, call, limits, signal } = job;
    if (this.isGone) return Promise.resolve(fault('sandbox_restarted'));
    if (signal?.aborted) return Promise.resolve(fault('cancelled'));
    this.#use(bundle);
    return new Promise((settle) => {
      const onCancel = (): void => this.#channel.send({ type: 'cancel', runId });
      const run: RunInside = { job, ask, settle, startedAt: performance.now(), onCancel };
      this.#runs.set(runId, run);
      // A run's time begins when there is a thread to run it.
      if (this.#isReady) this.#startClock(run);
      const header = { type: 'job', runId, digest: bundle.digest, integrationId, limits } as const;
      if (call) {
        const { section, name, argument } = call;
        this.#channel.send({ ...header, call: { section, name } }, argument);
      } else {
        this.#channel.send(header);
      }
      signal?.addEventListener('abort', onCancel, { once: true });
    });
  }

  #use({ connectorId, digest, filename, format, code }: Bundle): void {
    const runs = this.#bundles.get(digest);
    if (runs === undefined) this.#channel.send({ type: 'bundle', connectorId, digest, filename, format }, code);
    this.#bundles.set(digest, (runs ?? 0) + 1);
    const before = this.#newest.get(connectorId);
    this.#newest.set(connectorId, digest);
    if (before !== undefined && before !== digest) this.#dropUnused(before);
  }

  #dropUnused(digest: string): void {
    if (this.#bundles.get(digest) !== 0) return;
    this.#bundles.delete(digest);
    this.#channel.send({ type: 'drop', digest });
  }

  /** Ends it for a reason of ours; runs that are inside are told to come again. */
  letGo(): void {
    this.#wasLetGo = true;
    this.#kill();
  }

  #kill(): void {
    this.#isDying = true;
    this.#child.kill('SIGKILL');
  }

  #take(header: Exclude<FromCompartment, { type: 'ready' }>, body: string): void {
    const run = this.#runs.get(header.runId);
    // The run has ended, and what it left is on its way still.
    if (!run) return;
    switch (header.type) {
      case 'answered':
        return this.#settle(header.runId, { status: 'answered', result: body, spent: header.spent });
      case 'failed': {
        const { code, stack, spent } = header;
        return this.#settle(header.runId, { status: 'failed', code, message: body, stack, spent });
      }
      case 'faulted':
        return this.#settle(header.runId, {
          status: 'faulted',
          fault: header.fault,
          message: body,
          spent: header.spent,
        });
      case 'log':
        return run.ask.log(header.level, body);
      case 'ask': {
        const { runId, askId, capability } = header;
        run.ended ??= new AbortController();
        void run.ask[capability](body, run.ended.signal).then((reply) => {
          if (this.#runs.has(runId)) this.#channel.send({ type: 'reply', runId, askId }, reply);
        });
      }
    }
  }

  #settle(runId: string, outcome: Outcome): void {
    const run = this.#runs.get(runId);
    if (!run) return;
    this.#runs.delete(runId);
    clearTimeout(run.overdue);
    run.job.signal?.removeEventListener('abort', run.onCancel);
    run.ended?.abort();
    this.idleSince = performance.now();
    const { connectorId, digest } = run.job.bundle;
    this.#bundles.set(digest, (this.#bundles.get(digest) ?? 1) - 1);
    if (this.#newest.get(connectorId) !== digest) this.#dropUnused(digest);
    run.settle(outcome);
  }

  #startClock(run: RunInside): void {
    const { runId, limits } = run.job;
    run.overdue = setTimeout(() => {
      this.#overdue ??= runId;
      this.#kill();
    }, limits.timeoutMs + GRACE_MS);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    // Without a known culprit, a run that was alone is it; before the start, none is.
    const isCrash = !this.#wasLetGo && this.#overdue === undefined && this.#isReady && this.#runs.size === 1;
    for (const [runId, run] of this.#runs) {
      const spent = { ...nothingSpent, wallMs: performance.now() - run.startedAt };
      const othersFault: Fault = isCrash ? 'sandbox_crashed' : 'sandbox_restarted';
      const reason = runId === this.#overdue ? 'run_timeout' : othersFault;
      this.#settle(runId, { status: 'faulted', fault: reason, message: '', spent });
    }
    this.#onEnd();
  }
}

function fault(reason: Fault): Outcome {
  return { status: 'faulted', fault: reason, message: '', spent: nothingSpent };
}
