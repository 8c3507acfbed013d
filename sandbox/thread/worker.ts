/**
 * Entry of a piscina worker thread. A task is a list of jobs to start; their requests and outcomes go
 * over a port beside it, those of one turn of the event loop together.
 */
import { MessageChannel, parentPort, threadId, workerData } from 'node:worker_threads';
import type { Bundle, CompartmentOptions, FromThread, ThreadHello, ThreadJob, ToThread } from '../protocol.ts';
import { Run } from './run.ts';
import { WarmIsolates } from './warm-isolates.ts';

const { warmIsolates, warmMs } = workerData as CompartmentOptions;
const occupiedSince = new Int32Array(new SharedArrayBuffer(4));
const warm = new WarmIsolates(warmIsolates, warmMs, occupiedSince);
const runs = new Map<string, Run>();
const bundles = new Map<string, Bundle>();
/** A job may overtake its bundle, which comes over the port. */
const bundleArrived = new Map<string, PromiseWithResolvers<Bundle>>();

const { port1: port, port2: portOfPool } = new MessageChannel();
let outgoing: FromThread[] = [];
function tell(message: FromThread): void {
  if (outgoing.push(message) === 1) setImmediate(flush);
}
function flush(): void {
  const messages = outgoing;
  outgoing = [];
  port.postMessage(messages);
}

port.on('message', (message: ToThread) => {
  switch (message.type) {
    case 'reply':
      return runs.get(message.runId)?.settle(message.askId, message.reply);
    case 'cancel':
      return runs.get(message.runId)?.cancel();
    case 'bundle': {
      const { bundle } = message;
      bundles.set(bundle.digest, bundle);
      bundleArrived.get(bundle.digest)?.resolve(bundle);
      bundleArrived.delete(bundle.digest);
      return;
    }
    case 'drop':
      bundles.delete(message.digest);
      return warm.drop(message.digest);
  }
});
const hello: ThreadHello = { threadId, port: portOfPool, occupiedSince };
parentPort?.postMessage(hello, [portOfPool]);

function bundleOf(digest: string): Promise<Bundle> {
  const arrival = bundleArrived.get(digest) ?? Promise.withResolvers<Bundle>();
  bundleArrived.set(digest, arrival);
  return arrival.promise;
}

export default function perform(jobs: readonly ThreadJob[]): void {
  for (const job of jobs) {
    const bundle = bundles.get(job.digest);
    if (bundle) start(job, bundle);
    else void bundleOf(job.digest).then((arrived) => start(job, arrived));
  }
}

function start({ runId, integrationId, call, limits }: ThreadJob, bundle: Bundle): void {
  const isolate = warm.take(integrationId, bundle, limits.memoryMb);
  const run = new Run(
    isolate,
    limits,
    {
      ask: (askId, capability, request) => tell({ type: 'ask', runId, askId, capability, request }),
      log: (level, text) => tell({ type: 'log', runId, level, text }),
    },
    (outcome) => {
      runs.delete(runId);
      warm.give(integrationId, isolate);
      tell({ type: 'outcome', runId, outcome });
    },
  );
  runs.set(runId, run);
  run.start(call);
}
