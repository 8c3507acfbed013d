import Type, { type Static } from '#typebox';

/** What a bundle exports, by name. It comes from the bundle's side of the wall: check it. */
export const BundleReport = Type.Object({
  sections: Type.Record(Type.String(), Type.Array(Type.String())),
  /** Functions of a bundle that has no sections. */
  loose: Type.Array(Type.String()),
  /** Exported beside the sections, where no call looks. */
  outOfReach: Type.Array(Type.String()),
});
export type BundleReport = Static<typeof BundleReport>;
