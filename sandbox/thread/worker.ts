/** Entry of a worker thread. Its one task is to serve a pipe: jobs come in, outcomes and requests go out. */
import { Socket } from 'node:net';
import { type MessagePort, workerData } from 'node:worker_threads';
import { confine } from '../confine.ts';
import { type FrameChannel, openFrameChannel } from '../frame.ts';
import { portStream } from '../port-stream.ts';
import type { Bundle, FromThread, Limits, ThreadOptions, ToThread } from '../protocol.ts';
import { Run, type RunEnd, type RunPort } from './run.ts';
import { RunState } from './run-state.ts';
import { WarmIsolates } from './warm-isolates.ts';

/** Settles when the pipe is closed. @param end the thread's own pipe to the runtime */
export default function serve(end: number | MessagePort): Promise<void> {
  confine();
  return new Promise((resolve) => {
    const pipe = typeof end === 'number' ? socketAt(end) : portStream(end);
    pipe
      .on('end', resolve)
      .on('close', () => resolve())
      .on('error', () => resolve());
    const channel = openFrameChannel<FromThread>(
      pipe,
      { bodyBytes: Number.MAX_SAFE_INTEGER },
      (header, body) => server.take(header as ToThread, body),
      () => resolve(),
    );
    const server = new JobServer(workerData as ThreadOptions, channel);
    channel.send({ type: 'ready' });
  });
}

/**
 * Reads everything into one buffer. Node would allocate one of this size for each read, however little comes: a tenth
 * of the compartment's time. The runtime's ends of the pipes are made by `spawn`, which offers no such option.
 */
function socketAt(fd: number): Socket {
  const callback = (bytes: number, read: Uint8Array): boolean => socket.push(Buffer.from(read.subarray(0, bytes)));
  const onread = { buffer: Buffer.allocUnsafeSlow(READ_BYTES), callback };
  const socket = new Socket({ fd, readable: true, writable: true, onread });
  return socket;
}

const READ_BYTES = 64 * 1024;
const SWEEP_EVERY_MS = 10_000;

class JobServer {
  readonly #warm: WarmIsolates;
  readonly #runs = new Map<string, Run>();
  readonly #bundles = new Map<string, { readonly bundle: Bundle; limits?: Limits }>();
  readonly #channel: FrameChannel<FromThread>;
  readonly #runState: RunState;

  constructor({ warmIsolates, warmMs }: ThreadOptions, channel: FrameChannel<FromThread>) {
    this.#channel = channel;
    this.#runState = new RunState(channel);
    this.#warm = new WarmIsolates(warmIsolates, warmMs, (bytes) => channel.send({ type: 'kept', bytes }));
    setInterval(() => this.#warm.sweep(), SWEEP_EVERY_MS).unref();
  }

  take(message: ToThread, body: string): void {
    this.#handle(message, body);
    this.#warm.onWork();
  }

  #handle(message: ToThread, body: string): void {
    switch (message.type) {
      case 'job':
        return this.#start(message, body);
      case 'reply':
        return this.#runs.get(message.runId)?.settle(message.askId, body, message.spentMs);
      case 'cancel':
        return this.#runs.get(message.runId)?.cancel();
      case 'bundle': {
        const { connectorId, digest, filename, format } = message;
        this.#bundles.set(digest, { bundle: { connectorId, digest, filename, format, code: body } });
        return;
      }
      case 'drop':
        this.#bundles.delete(message.digest);
        return this.#warm.drop(message.digest);
      case 'shed':
        return this.#warm.releaseAll();
    }
  }

  #start({ runId, digest, integrationId, call, limits: told }: ToThread & { type: 'job' }, argument: string): void {
    const held = this.#bundles.get(digest);
    if (held && told) held.limits = told;
    if (!held?.limits) throw new Error(`run ${runId} names a bundle that the thread was not given`);
    const { bundle, limits } = held;
    const isolate = this.#warm.take(integrationId, bundle, limits.memoryMb);
    // Not after a bundle was tried: at a start they all are.
    if (call && !isolate.isLoaded) this.#warm.prewarm(limits.memoryMb);
    const channel = this.#channel;
    const runState = this.#runState;
    const port: RunPort = {
      ask: (askId, capability, request) => channel.send({ type: 'ask', runId, askId, capability }, request),
      log: (level, text) => channel.send({ type: 'log', runId, level }, text),
      entering: (isTimer) => runState.enter(runId, isTimer),
      resting: (replies, isTimer) => runState.rest(runId, replies, isTimer),
      flush: () => channel.flush(),
    };
    const run = new Run(isolate, limits, port, (outcome) => {
      this.#runs.delete(runId);
      runState.ended(runId);
      this.#report(runId, outcome);
      this.#warm.give(integrationId, isolate);
    });
    this.#runs.set(runId, run);
    run.start(call && { ...call, argument });
  }

  #report(runId: string, outcome: RunEnd): void {
    const { status, spent } = outcome;
    switch (status) {
      case 'answered':
        return this.#channel.send({ type: status, runId, spent }, outcome.result);
      case 'failed':
        return this.#channel.send(
          { type: status, runId, code: outcome.code, stack: outcome.stack, spent },
          outcome.message,
        );
      case 'faulted':
        return this.#channel.send({ type: status, runId, fault: outcome.fault, spent }, outcome.message);
    }
  }
}
