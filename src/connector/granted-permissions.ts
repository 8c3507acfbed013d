/** The origins that a connector may reach, as they were granted. Pure. */
import Type, { Compile, type Static } from '#typebox';
import { uncoveredPatterns } from '../broker/origin-permissions.ts';

/** Limit of patterns granted over all versions. Beyond it, only those of the last approved version stay granted. */
const PATTERNS = 1_000;

const GrantedPermissions = Type.Object({
  _id: Type.String({ pattern: '^[0-9a-f]{24}$' }),
  /** Patterns of origins. */
  fetch: Type.Array(Type.String({ maxLength: 2_000 }), { maxItems: PATTERNS }),
  /** The bundle's name in the bundles' folder. */
  folder: Type.String({ maxLength: 1_000 }),
  acceptedAt: Type.String(),
});
export type GrantedPermissions = Static<typeof GrantedPermissions>;

const validPermissions = Compile(GrantedPermissions);

export const isGrantedPermissions = (value: unknown): value is GrantedPermissions => validPermissions.Check(value);

/** Whether two grants allow the same origins. Ignores folder names and dates. */
export const grantTheSame = (a: GrantedPermissions, b: GrantedPermissions): boolean =>
  uncoveredPatterns(a.fetch, b.fetch).length === 0 && uncoveredPatterns(b.fetch, a.fetch).length === 0;

/** Adds the requested patterns. Returns the same array if none is new. */
export function extended(accepted: readonly string[], requested: readonly string[]): readonly string[] {
  const added = uncoveredPatterns(accepted, requested);
  if (added.length === 0) return accepted;
  const all = [...accepted, ...added];
  return all.length <= PATTERNS ? all : requested;
}
