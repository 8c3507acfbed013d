/**
 * What a process uses, as the system says: memory that no heap limit counts, and CPU time that no
 * timeout of the isolate ends. Read from /proc; where there is none (macOS, Windows) there is no
 * reading, and the deadlines alone hold.
 */
import { readFileSync } from 'node:fs';

export interface ProcessUsage {
  readonly residentBytes: number;
  /** All threads, user and system time. */
  readonly cpuMs: number;
}

/** The unit of CPU times in /proc, for every Linux that Node runs on (USER_HZ). */
const TICK_MS = 10;
const UTIME = 11;
const STIME = 12;

export function processUsage(pid: number): ProcessUsage | undefined {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in parentheses, may hold anything; what follows are numbers.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (kilobytes === undefined) return undefined;
    return {
      residentBytes: Number(kilobytes) * 1024,
      cpuMs: (Number(fields[UTIME]) + Number(fields[STIME])) * TICK_MS,
    };
  } catch {
    // Gone, or a system without /proc.
    return undefined;
  }
}
