/**
 * Memory and CPU time of a process, from /proc. Covers memory that no heap limit counts and CPU time that
 * no isolate timeout ends. On systems without /proc (macOS, Windows) only the deadlines apply.
 */
import { readFileSync } from 'node:fs';

export interface ProcessUsage {
  readonly residentBytes: number;
  /** User and system time of all threads. */
  readonly cpuMs: number;
}

/** The unit of CPU times in /proc (USER_HZ), the same on every Linux that Node runs on. */
const TICK_MS = 10;
const UTIME = 11;
const STIME = 12;

export function processUsage(pid: number): ProcessUsage | undefined {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The program's name, in parentheses, may contain anything. Numbers follow it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (kilobytes === undefined) return undefined;
    return {
      residentBytes: Number(kilobytes) * 1024,
      cpuMs: (Number(fields[UTIME]) + Number(fields[STIME])) * TICK_MS,
    };
  } catch {
    // The process has exited, or the system has no /proc.
    return undefined;
  }
}
