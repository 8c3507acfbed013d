/**
 * Entry of a compartment: a jailed process with one pipe to the runtime (file descriptor 3) and a
 * pool of worker threads. Its main thread runs no connector code, it hands messages on.
 */
import { Socket } from 'node:net';
import { openFrameChannel } from '../frame.ts';
import type { Bundle, CompartmentOptions, FromCompartment, FromThread, Outcome, ToCompartment } from '../protocol.ts';
import { Pool } from './pool.ts';

const options = JSON.parse(process.argv[2] as string) as CompartmentOptions;
const pipe = new Socket({ fd: 3, readable: true, writable: true });

/** Threads may be stuck for good in native code: only the signal ends such a process. */
const endNow = (): void => {
  process.kill(process.pid, 'SIGKILL');
};
pipe.on('end', endNow).on('close', endNow).on('error', endNow);

const channel = openFrameChannel<FromCompartment>(
  pipe,
  { bodyBytes: Number.MAX_SAFE_INTEGER },
  (header, body) => take(header as ToCompartment, body),
  endNow,
);

const pool = new Pool(options, pass, () => channel.send({ type: 'ready' }));

function pass(message: FromThread): void {
  switch (message.type) {
    case 'outcome':
      return report(message.runId, message.outcome);
    case 'log':
      return channel.send({ type: 'log', runId: message.runId, level: message.level }, message.text);
    case 'ask': {
      const { runId, askId, capability, request } = message;
      return channel.send({ type: 'ask', runId, askId, capability }, request);
    }
  }
}

function take(message: ToCompartment, body: string): void {
  switch (message.type) {
    case 'job': {
      const { runId, digest, integrationId, call, limits } = message;
      const job = { runId, digest, integrationId, limits };
      return pool.run(call ? { ...job, call: { ...call, argument: body } } : job);
    }
    case 'reply':
      return pool.reply(message.runId, message.askId, body);
    case 'cancel':
      return pool.cancel(message.runId);
    case 'bundle': {
      const { connectorId, digest, filename, format } = message;
      const bundle: Bundle = { connectorId, digest, filename, format, code: body };
      return pool.addBundle(bundle);
    }
    case 'drop':
      return pool.dropBundle(message.digest);
  }
}

function report(runId: string, outcome: Outcome): void {
  const { spent } = outcome;
  switch (outcome.status) {
    case 'answered':
      return channel.send({ type: 'answered', runId, spent }, outcome.result);
    case 'failed':
      return channel.send({ type: 'failed', runId, code: outcome.code, stack: outcome.stack, spent }, outcome.message);
    case 'faulted':
      return channel.send({ type: 'faulted', runId, fault: outcome.fault, spent }, outcome.message);
  }
}
