/** Marks a connection as offline, which its application or provider has refused, or as online again. */
import type { UnitOfWork } from '../store/unit-of-work.ts';
import { factsOf } from './record-tasks.ts';

/** @returns the connection's name; undefined if it is marked so already, or cannot be */
export function markOffline(unit: UnitOfWork, connectionId: string, isOffline: boolean, now: Date): string | undefined {
  const part = unit.record('connections', connectionId);
  if (!part || part.isLarge || (part.value.offline === true) === isOffline) return undefined;
  const { offline: _, ...rest } = part.value;
  const lastModified = now.toISOString();
  unit.putRecord('connections', factsOf({ ...rest, ...(isOffline ? { offline: true } : {}), lastModified }));
  return String(part.head.name);
}
