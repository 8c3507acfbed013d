/** Entry point of a worker thread. It serves a pipe: jobs come in, outcomes and requests go out. */
import { Socket } from 'node:net';
import { type MessagePort, workerData } from 'node:worker_threads';
import { confine } from '../confine.ts';
import { type FrameChannel, openFrameChannel } from '../frame.ts';
import { portStream } from '../port-stream.ts';
import type { Bundle, FromThread, Limits, ThreadOptions, ToThread } from '../protocol.ts';
import { Run, type RunPort, type ThreadOutcome } from './run.ts';
import { RunState } from './run-state.ts';
import { WarmIsolates } from './warm-isolates.ts';

/**
 * Resolves when the pipe closes.
 *
 * @param pipeEnd the thread's end of its pipe to the runtime
 */
export default function serve(pipeEnd: number | MessagePort): Promise<void> {
  confine();
  return new Promise((resolve) => {
    const pipe = typeof pipeEnd === 'number' ? socketAt(pipeEnd) : portStream(pipeEnd);
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
 * Reads into one reused buffer. Otherwise Node allocates one of this size for every read, however small,
 * which took a tenth of the compartment's time. The runtime's ends come from `spawn`, which has no such option.
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
    this.#warm = new WarmIsolates(warmIsolates, warmMs, (bytes) => channel.send({ type: 'retained', bytes }));
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
        return this.#runs.get(message.runId)?.settle(message.askId, body, message.runtimeCpuMs);
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
      case 'warm':
        return this.#warm.limit(message.bytes);
    }
  }

  #start(
    { runId, digest, integrationId, call, limits: newLimits }: ToThread & { type: 'job' },
    argument: string,
  ): void {
    const cached = this.#bundles.get(digest);
    if (cached && newLimits) cached.limits = newLimits;
    if (!cached?.limits) throw new Error(`run ${runId} names a bundle that was not sent to this thread`);
    const { bundle, limits } = cached;
    const isolate = this.#warm.take(integrationId, bundle, limits.memoryMb);
    // Not for load checks: at startup, every bundle gets one.
    if (call && !isolate.isLoaded) this.#warm.prewarm(limits.memoryMb);
    const channel = this.#channel;
    const runState = this.#runState;
    const port: RunPort = {
      ask: (askId, capability, request) => channel.send({ type: 'ask', runId, askId, capability }, request),
      log: (level, text) => channel.send({ type: 'log', runId, level }, text),
      onEnter: (isTimer) => runState.enter(runId, isTimer),
      onWait: (replies, isTimer) => runState.wait(runId, replies, isTimer),
      flush: () => channel.flush(),
    };
    const run = new Run(isolate, limits, port, (outcome) => {
      this.#runs.delete(runId);
      runState.end(runId);
      this.#report(runId, outcome);
      this.#warm.giveBack(integrationId, isolate);
    });
    this.#runs.set(runId, run);
    run.start(call && { ...call, argument });
  }

  #report(runId: string, outcome: ThreadOutcome): void {
    const { status, usage } = outcome;
    switch (status) {
      case 'answered':
        return this.#channel.send({ type: status, runId, usage }, outcome.result);
      case 'failed':
        return this.#channel.send(
          { type: status, runId, code: outcome.code, stack: outcome.stack, usage },
          outcome.message,
        );
      case 'faulted':
        return this.#channel.send({ type: status, runId, fault: outcome.fault, usage }, outcome.message);
    }
  }
}
