/** The control: runs the same in a worker thread or the main thread of a process without walls. */
import { argv } from 'node:process';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { attempt } from './attempt.ts';

if (isMainThread) {
  const [, , where, text = ''] = argv;
  const attempted = JSON.parse(text);
  process.on('workerMessage', () => {});
  const say = (result: unknown): void => void process.stdout.write(JSON.stringify(result), () => process.exit());
  if (where === 'main thread') say(await attempt(attempted));
  else new Worker(new URL(import.meta.url), { workerData: attempted }).once('message', say);
} else {
  parentPort?.postMessage(await attempt(workerData));
}
