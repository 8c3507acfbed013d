import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { createRuntime } from 'bulkhead';
import { children, echo, folders, resources, resourcesLike, say } from './parts.mjs';

if (isMainThread) {
  const before = resources();
  const worker = new Worker(new URL(import.meta.url));
  const exited = once(worker, 'exit');
  const [answer] = await once(worker, 'message');
  const [code] = await exited;
  say({ answer, code, before, after: await resourcesLike(before), left: children() });
} else {
  const runtime = await createRuntime({ ...folders(), port: 0 });
  await runtime.listen();
  const answer = await echo(runtime, 'from a worker');
  await runtime.close();
  parentPort.postMessage(answer);
}
