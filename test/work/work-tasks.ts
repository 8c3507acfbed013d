/** Tasks for the pool's tests. */
import { threadId } from 'node:worker_threads';
import { requestError } from '../../src/errors.ts';
import { tasksOf } from '../../src/work/work.ts';

function whereIs({ text }: { readonly text: string }): { readonly thread: number; readonly chars: number } {
  return { thread: threadId, chars: text.length };
}

function refuse(): never {
  throw requestError('invalid_field', { field: 'a.b', message: 'no' });
}

function fail(): never {
  throw new RangeError('a bug');
}

function copy({ text }: { readonly text: Uint8Array }): { readonly text: Buffer } {
  return { text: Buffer.from(text) };
}

function fillMemory(): number {
  const kept: number[][] = [];
  for (;;) kept.push(new Array(1_000_000).fill(kept.length));
}

function burn({ ms }: { readonly ms: number }): void {
  const { user } = process.threadCpuUsage();
  while (process.threadCpuUsage().user - user < ms * 1_000);
}

export const tasks = tasksOf(import.meta.url, { whereIs, refuse, fail, copy, fillMemory, burn });
