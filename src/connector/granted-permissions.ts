/** What a connector may reach, as it was accepted. Pure. */
import Type, { Compile, type Static } from '#typebox';
import { uncoveredPatterns } from '../broker/origin-permissions.ts';

/** Patterns accepted over the years; beyond that, those of the last version that was approved. */
const PATTERNS = 1_000;

const GrantedPermissions = Type.Object({
  _id: Type.String({ pattern: '^[0-9a-f]{24}$' }),
  /** Patterns of origins. */
  fetch: Type.Array(Type.String({ maxLength: 2_000 }), { maxItems: PATTERNS }),
  /** What the bundle was called in the bundles' folder. */
  folder: Type.String({ maxLength: 1_000 }),
  acceptedAt: Type.String(),
});
export type GrantedPermissions = Static<typeof GrantedPermissions>;

const validPermissions = Compile(GrantedPermissions);

export const isGrantedPermissions = (value: unknown): value is GrantedPermissions => validPermissions.Check(value);

/** Whether two let a connector reach the same, whatever they are called and whenever that was. */
export const grantTheSame = (a: GrantedPermissions, b: GrantedPermissions): boolean =>
  uncoveredPatterns(a.fetch, b.fetch).length === 0 && uncoveredPatterns(b.fetch, a.fetch).length === 0;

/** With what is asked for added; the same array if nothing is new. */
export function extended(accepted: readonly string[], requested: readonly string[]): readonly string[] {
  const added = uncoveredPatterns(accepted, requested);
  if (added.length === 0) return accepted;
  const all = [...accepted, ...added];
  return all.length <= PATTERNS ? all : requested;
}
