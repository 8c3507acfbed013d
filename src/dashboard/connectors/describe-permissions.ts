/** What a connector may do, in plain words. Pure. */
import type { Connector } from '../api/types.ts';
import { formatDuration } from '../app/format.tsx';

/** What it may reach; its own integration it may always change. */
export function describeReach({ permissions }: Connector): readonly string[] {
  return (permissions.fetch ?? []).map((pattern) => {
    const [, scheme = '', host = pattern] = /^(https?):\/\/(.*)$/i.exec(pattern) ?? [];
    const where = host.startsWith('*.') ? `every address directly under ${host.slice(2)} (${host})` : host;
    return scheme.toLowerCase() === 'http' ? `${where}, without encryption` : where;
  });
}

/** Of one run; nothing where the server's own limits hold. */
export function describeLimits({ limits: { timeoutMs, cpuMs, memoryMb } }: Connector): readonly string[] {
  return [
    ...(timeoutMs === undefined ? [] : [`${formatDuration(timeoutMs)} in all`]),
    ...(cpuMs === undefined ? [] : [`${formatDuration(cpuMs)} of computing`]),
    ...(memoryMb === undefined ? [] : [`${memoryMb} MB of memory`]),
  ];
}
