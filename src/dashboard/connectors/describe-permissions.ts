/** Describes what a connector may do. Pure. */
import type { Connector } from '../api/types.ts';
import { formatDuration } from '../app/format.ts';

/** Hosts it may reach. */
export function describeReach({ permissions }: Connector): readonly string[] {
  return (permissions.fetch ?? []).map((pattern) => {
    const [, scheme = '', host = pattern] = /^(https?):\/\/(.*)$/i.exec(pattern) ?? [];
    const where = host.startsWith('*.') ? `any direct subdomain of ${host.slice(2)} (${host})` : host;
    return scheme.toLowerCase() === 'http' ? `${where} (unencrypted)` : where;
  });
}

/** Limits per run. Empty if the server's defaults apply. */
export function describeLimits({ limits: { timeoutMs, cpuMs, memoryMb } }: Connector): readonly string[] {
  return [
    ...(timeoutMs === undefined ? [] : [`${formatDuration(timeoutMs)} of run time`]),
    ...(cpuMs === undefined ? [] : [`${formatDuration(cpuMs)} of CPU time`]),
    ...(memoryMb === undefined ? [] : [`${memoryMb} MB of memory`]),
  ];
}
