/** Checks the data folder's disk: free space, and whether its locks and syncs are reliable. */
import type { StatsFs } from 'node:fs';
import { type CheckResult, ok, problem, warning } from './check-result.ts';

const MIB = 1024 * 1024;
const FULL_BELOW_BYTES = 16 * MIB;
const NEARLY_FULL_BELOW_BYTES = 256 * MIB;
const MIN_FREE_INODES = 100;

/** File system types of `statfs` on Linux. */
const networkFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9p'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x47504653, 'GPFS'],
  [0x0bd00bd0, 'Lustre'],
]);
const memoryFileSystems: ReadonlyMap<number, string> = new Map([
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
]);

type Statistics = Pick<StatsFs, 'type' | 'bsize' | 'bavail' | 'files' | 'ffree'>;

export function checkFileSystem({ type, bsize, bavail, files, ffree }: Statistics, platform: string): CheckResult[] {
  return [checkSpace(bavail * bsize, files > 0 ? ffree : undefined), ...(platform === 'linux' ? checkKind(type) : [])];
}

function checkSpace(bytes: number, freeInodes: number | undefined): CheckResult {
  const space = bytes >= 10_000 * MIB ? `${Math.round(bytes / MIB / 1024)} GiB` : `${Math.round(bytes / MIB)} MiB`;
  if (bytes < FULL_BELOW_BYTES)
    return problem('disk', `The data folder's disk is full (${space} left): nothing can be stored.`);
  if (freeInodes !== undefined && freeInodes < MIN_FREE_INODES) {
    return problem('disk', `The data folder's disk cannot hold more files (${freeInodes} left).`);
  }
  if (bytes < NEARLY_FULL_BELOW_BYTES) return warning('disk', `The data folder's disk is nearly full (${space} left).`);
  return ok('disk', `The data folder's disk has ${space} left.`);
}

function checkKind(type: number): CheckResult[] {
  // The number may come as a signed integer.
  const network = networkFileSystems.get(type >>> 0);
  if (network !== undefined) {
    return [
      problem(
        'disk-kind',
        `The data folder is on a network file system (${network}): locks and syncs are not reliable there.`,
      ),
    ];
  }
  const memory = memoryFileSystems.get(type >>> 0);
  if (memory === undefined) return [];
  return [warning('disk-kind', `The data folder is in memory (${memory}): it is lost when the machine stops.`)];
}
