/** What a unit of work has changed. */
export interface TouchedPart {
  /** Writes by this unit. */
  readonly writes: number;
  /** UTF-8 bytes of its JSON. */
  readonly bytes: number;
}

export interface Changes {
  /** By record id or state key. */
  readonly touched: Map<string, TouchedPart>;
  /** Total of the touched parts. Limited like a document, to bound the unit's memory. */
  bytes: number;
  /** Ids of records that the written records refer to. */
  readonly referencedIds: Set<string>;
}

export const NONE_TOUCHED: ReadonlyMap<string, TouchedPart> = new Map();
