import Type, { type Static } from '#typebox';

/** The names that a bundle exports. The report comes from inside the isolate, so it must be checked. */
export const BundleReport = Type.Object({
  sections: Type.Record(Type.String(), Type.Array(Type.String())),
  /** Exported functions of a bundle without sections. */
  loose: Type.Array(Type.String()),
  /** Exports that no call can reach. */
  outOfReach: Type.Array(Type.String()),
  /** Exported objects with functions that are not sections: helpers, or misspelt sections. */
  otherObjects: Type.Array(Type.String()),
});
export type BundleReport = Static<typeof BundleReport>;
