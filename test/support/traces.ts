/** What a process holds of the system, read from /proc: what is left of a run that should have left nothing. */
import { readdir, readFile } from 'node:fs/promises';

export interface Traces {
  /** Its children that live, zombies counted. */
  readonly processes: number;
  readonly threads: number;
  readonly descriptors: number;
  readonly residentMb: number;
}

const count = async (folder: string): Promise<number> => (await readdir(folder)).length;

export async function tracesOf(pid: number): Promise<Traces> {
  const [children, threads, descriptors, status] = await Promise.all([
    childrenOf(pid),
    count(`/proc/${pid}/task`),
    count(`/proc/${pid}/fd`),
    readFile(`/proc/${pid}/status`, 'utf8'),
  ]);
  const residentMb = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
  return { processes: children.length, threads, descriptors, residentMb };
}

/** A child is listed with the thread that started it. */
export async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  return lists.join(' ').split(' ').filter(Boolean).map(Number);
}
