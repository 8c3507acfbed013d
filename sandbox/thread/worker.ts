/** Entry of a piscina worker thread. A task is a run; requests and replies go over a port beside it. */
import { MessageChannel, parentPort, threadId, workerData } from 'node:worker_threads';
import type { Bundle, CompartmentOptions, FromThread, ThreadHello, ThreadTask, ToThread } from '../protocol.ts';
import { Run } from './run.ts';
import { WarmIsolates } from './warm-isolates.ts';

const { warmIsolates, warmMs } = workerData as CompartmentOptions;
const occupiedSince = new Int32Array(new SharedArrayBuffer(4));
const warm = new WarmIsolates(warmIsolates, warmMs, occupiedSince);
const runs = new Map<string, Run>();
const bundles = new Map<string, Bundle>();
/** A task may overtake its bundle, which comes over the port. */
const bundleArrived = new Map<string, PromiseWithResolvers<Bundle>>();

const { port1: port, port2: portOfPool } = new MessageChannel();
const tell = (message: FromThread): void => port.postMessage(message);
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

/** Resolves when the run has ended; its outcome has gone over the port before. */
export default async function perform(task: ThreadTask): Promise<void> {
  const { runId, digest, integrationId, call, limits } = task;
  const bundle = bundles.get(digest) ?? (await bundleOf(digest));
  const isolate = warm.take(integrationId, bundle, limits.memoryMb);
  await new Promise<void>((resolve) => {
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
        resolve();
      },
    );
    runs.set(runId, run);
    run.start(call);
  });
}
