/** A thread of pool-run-process.ts: serves a pipe until it closes, or does a single task. */
import { Socket } from 'node:net';
import { openFrameChannel } from '../../sandbox/frame.ts';
import { LIMITS } from './pool-run.ts';

export type Work = { readonly fd: number } | { readonly text: string };

export default function work(task: Work): string | Promise<string> {
  if ('text' in task) return task.text;
  return new Promise((resolve) => {
    const socket = new Socket({ fd: task.fd }).on('end', () => resolve(''));
    const channel = openFrameChannel<unknown>(
      socket,
      LIMITS,
      (header, text) => channel.send(header, text),
      () => resolve(''),
    );
  });
}
