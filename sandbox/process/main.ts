/**
 * Entry of a compartment: a jailed process with one pipe to the runtime (file descriptor 3) and a
 * pool of worker threads. Its main thread runs no connector code, it hands messages on.
 */
import { Socket } from 'node:net';
import { openFrameChannel } from '../frame.ts';
import type { Bundle, CompartmentOptions, FromCompartment, Outcome, ToCompartment } from '../protocol.ts';
import { Pool } from './pool.ts';

const options = JSON.parse(process.argv[2] as string) as CompartmentOptions;
const pipe = new Socket({ fd: 3, readable: true, writable: true });

/** Threads may be stuck for good in native code: only the signal ends such a process. */
const endNow = (): void => {
  process.kill(process.pid, 'SIGKILL');
};
pipe.on('end', endNow).on('close', endNow).on('error', endNow);

const pool = new Pool(options, (message) => {
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
});

const channel = openFrameChannel<FromCompartment>(
  pipe,
  { bodyBytes: Number.MAX_SAFE_INTEGER },
  (header, body) => take(header as ToCompartment, body),
  endNow,
);

function take(message: ToCompartment, body: string): void {
  switch (message.type) {
    case 'job': {
      const { runId, digest, integrationId, call, limits } = message;
      const task = { runId, digest, integrationId, limits };
      // A worker that died took its runs with it; piscina starts another.
      pool.run(call ? { ...task, call: { ...call, argument: body } } : task).catch(() => report(runId, crashed));
      return;
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

const crashed: Outcome = {
  status: 'faulted',
  fault: 'sandbox_crashed',
  message: '',
  spent: { wallMs: 0, cpuMs: 0, heapBytes: 0 },
};

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

channel.send({ type: 'ready' });
