/** The log entry of a large document: what one commit changed, instead of the whole document. */
import { type Document, documentFrom, integrationText, membersOf } from './document.ts';
import type { Part } from './part.ts';
import { isUnversioned, nameOf, type PartKind, partKinds } from './part-names.ts';
import { type DocumentJson, FORMAT, perRecordKind } from './stored.ts';

type Parts = ReadonlyMap<string, Part<unknown>>;

/** The JSON of an entry. */
export interface ChangeJson extends DocumentJson {
  readonly isChange: true;
  readonly removed: Readonly<Partial<Record<PartKind, readonly string[]>>>;
  /** The settings are unchanged and left out. */
  readonly keepsSettings: boolean;
}

export const isChange = (json: unknown): json is ChangeJson =>
  (json as { isChange?: unknown } | null)?.isChange === true;

/** The change's JSON, in pieces. */
export function* changeText(before: Document, after: Document): Generator<string | Buffer> {
  yield `{"format":${FORMAT},"isChange":true,"integration":`;
  yield* integrationText(after.settings === before.settings ? { ...after, settings: undefined } : after);
  const revisions: Record<string, number> = { [after.integration.head._id]: after.integration.revision };
  const removed: Partial<Record<PartKind, string[]>> = {};
  for (const kind of partKinds) {
    const [changed, removedKeys] = difference(before[kind], after[kind]);
    if (!isUnversioned(kind)) for (const [key, { revision }] of changed) revisions[nameOf(kind, key)] = revision;
    if (removedKeys.length > 0) removed[kind] = removedKeys;
    yield `,"${kind}":`;
    yield* membersOf(changed);
  }
  if (after.stateWrites > 0) revisions.state = after.stateWrites;
  yield `,"removed":${JSON.stringify(removed)},"revisions":${JSON.stringify(revisions)}`;
  yield `,"keepsSettings":${after.settings !== undefined && after.settings === before.settings}}`;
}

export function applyChange(before: Document, change: ChangeJson): Document {
  const changed = documentFrom(change);
  const merged = <K extends PartKind>(kind: K): Document[K] => {
    const parts = new Map<string, Part<unknown>>(before[kind]);
    for (const key of change.removed[kind] ?? []) parts.delete(key);
    for (const [key, part] of changed[kind]) parts.set(key, part);
    return parts as unknown as Document[K];
  };
  return {
    integration: changed.integration,
    settings: change.keepsSettings ? before.settings : changed.settings,
    ...perRecordKind(merged),
    tokens: merged('tokens'),
    checkpoints: merged('checkpoints'),
    state: merged('state'),
    stateWrites: changed.stateWrites,
  };
}

function difference(before: Parts, after: Parts): [changed: Map<string, Part<unknown>>, removedKeys: string[]] {
  const changed = new Map<string, Part<unknown>>();
  if (before === after) return [changed, []];
  for (const [key, part] of after) if (before.get(key) !== part) changed.set(key, part);
  const removedKeys = [...before.keys()].filter((key) => !after.has(key));
  return [changed, removedKeys];
}
