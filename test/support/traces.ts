/** A process's resources, from /proc, to find what a run has left behind. */
import { readdir, readFile } from 'node:fs/promises';

export interface Traces {
  /** Its live children, zombies included. */
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

/** Of a process and its children. Shared pages are counted in each. */
export async function treeResidentMb(pid: number): Promise<number> {
  const each = await Promise.all((await treeOf(pid)).map(async (one) => (await tracesOf(one)).residentMb));
  return each.reduce((sum, mb) => sum + mb, 0);
}

export interface TreeMemory {
  readonly ownMb: number;
  readonly childrenMb: number;
  readonly children: number;
}

/** Of a process and of its children. Pages that several share are divided between them. */
export async function treeMemory(pid: number): Promise<TreeMemory> {
  const children = await childrenOf(pid);
  const each = await Promise.all(children.map(proportionalMb));
  return { ownMb: await proportionalMb(pid), childrenMb: each.reduce((sum, mb) => sum + mb, 0), children: each.length };
}

/** 0 if the process has ended. */
async function proportionalMb(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0) / 1024;
}

/** CPU time of a process and its children, including those that have ended. */
export async function treeCpuMs(pid: number): Promise<number> {
  // The time of one that ends meanwhile is counted in its parent's.
  const children = await Promise.all((await childrenOf(pid)).map((child) => cpuMsOf(child).catch(() => 0)));
  return children.reduce((sum, ms) => sum + ms, await cpuMsOf(pid));
}

const treeOf = async (pid: number): Promise<number[]> => [pid, ...(await childrenOf(pid))];

/** The kernel counts in USER_HZ, which is 100 on every Linux. */
const TICK_MS = 10;

/** CPU time of a process, and of its children that have ended. */
export async function cpuMsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // Fields 14 to 17, after the program's name, which may contain spaces: its own time and its children's.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((ticks, field) => ticks + Number(field), 0) * TICK_MS;
}
