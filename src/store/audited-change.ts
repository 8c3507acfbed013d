/** What the audit log says of a commit. Pure. */
import type { JsonObject } from '../json.ts';
import { shorten } from '../shorten.ts';
import { type AuditedEvent, type Author, ENTRIES_PER_COMMIT, FIELDS_MAX, PATH_CHARS, PATHS_CHARS } from './audit.ts';
import type { Document } from './document.ts';
import { changedFields } from './field-changes.ts';
import type { Part } from './part.ts';
import { recordKinds, type Stored } from './stored.ts';

/** JSON of a commit that is compared field by field, in bytes: comparing holds up the event loop. */
const COMPARED_BYTES = 128 * 1024;

const resourceTypes = { connections: 'connection', exports: 'export', imports: 'import', flows: 'flow' } as const;

/** A connector's writes to its own state are data, and not audited. */
export function auditedEvents(
  integrationId: string,
  before: Document | undefined,
  after: Document | undefined,
  { run }: Author,
): AuditedEvent[] {
  const comparison = new Comparison();
  const own = ownEvent(integrationId, before, after, comparison);
  // The records go with their integration.
  if (!after) return own;
  const state = run === undefined ? stateEvents(integrationId, before, after) : [];
  const events = [...own, ...state];
  let omitted = 0;
  for (const [resourceType, id, one, other] of changedRecords(before, after)) {
    if (events.length === ENTRIES_PER_COMMIT) {
      omitted++;
      continue;
    }
    const event = recordEvent(one, other, comparison);
    if (event) events.push({ resourceType, _resourceId: id, _integrationId: integrationId, ...event });
  }
  const last = events.at(-1);
  return omitted === 0 || !last ? events : [...events.slice(0, -1), { ...last, omitted }];
}

/** Compares parts until the budget is spent. */
class Comparison {
  #bytesLeft = COMPARED_BYTES;

  /** Undefined if the parts are too large to compare. */
  fieldsOf<Head>(before: Part<Head>, after: Part<Head>): string[] | undefined {
    if (before === after || (before.knownBytes > 0 && after.knownBytes > 0 && before.text.equals(after.text)))
      return [];
    this.#bytesLeft -= before.knownBytes + after.knownBytes;
    if (before.isLarge || after.isLarge || this.#bytesLeft < 0) return undefined;
    return changedFields(before.value as JsonObject, after.value as JsonObject);
  }
}

function ownEvent(
  _resourceId: string,
  before: Document | undefined,
  after: Document | undefined,
  comparison: Comparison,
): AuditedEvent[] {
  const { head } = (after ?? before)?.integration ?? {};
  if (!head || (before?.integration === after?.integration && before?.settings === after?.settings)) return [];
  const common = { resourceType: 'integration', _resourceId, _integrationId: _resourceId, ...nameOf(head) } as const;
  const isInstalled = head._connectorId !== undefined;
  if (!before) return [{ event: isInstalled ? 'install' : 'create', ...common }];
  if (!after) return [{ event: isInstalled ? 'uninstall' : 'delete', ...common }];
  const paths = comparison.fieldsOf(before.integration, after.integration);
  const settings = settingsChanges(before.settings, after.settings, comparison);
  if (paths?.length === 0 && settings.length === 0) return [];
  const event = isInstalled && paths?.includes('version') ? 'upgrade' : 'update';
  return [{ event, ...common, ...(paths ? fieldChangesOf([...paths, ...settings]) : {}) }];
}

function settingsChanges(
  before: Part<undefined> | undefined,
  after: Part<undefined> | undefined,
  comparison: Comparison,
): string[] {
  if (before === after) return [];
  const paths = before && after && comparison.fieldsOf(before, after);
  return paths?.map((path) => shorten(`settings.${path}`, PATH_CHARS)) ?? ['settings'];
}

function* changedParts<Head>(
  before: ReadonlyMap<string, Part<Head>> | undefined,
  after: ReadonlyMap<string, Part<Head>>,
): Generator<readonly [id: string, before: Part<Head> | undefined, after: Part<Head> | undefined]> {
  if (before === after) return;
  for (const [id, part] of after) {
    const previous = before?.get(id);
    if (previous !== part) yield [id, previous, part];
  }
  for (const [id, part] of before ?? []) if (!after.has(id)) yield [id, part, undefined];
}

function* changedRecords(
  before: Document | undefined,
  after: Document,
): Generator<
  readonly [type: AuditedEvent['resourceType'], id: string, before: Part | undefined, after: Part | undefined]
> {
  for (const kind of recordKinds) {
    for (const changed of changedParts(before?.[kind], after[kind])) yield [resourceTypes[kind], ...changed];
  }
}

/** Undefined if nothing was changed. */
function recordEvent(
  before: Part | undefined,
  after: Part | undefined,
  comparison: Comparison,
): Pick<AuditedEvent, 'event' | 'name' | 'fieldChanges'> | undefined {
  const named = nameOf((after ?? (before as Part)).head);
  if (!before || !after) return { event: before ? 'delete' : 'create', ...named };
  const paths = comparison.fieldsOf(before, after);
  if (paths?.length === 0) return undefined;
  return { event: 'update', ...named, ...(paths ? fieldChangesOf(paths) : {}) };
}

function stateEvents(_integrationId: string, before: Document | undefined, after: Document): AuditedEvent[] {
  const keys = [...changedParts(before?.state, after.state)].map(([key]) => shorten(key, PATH_CHARS));
  if (keys.length === 0) return [];
  const common = { resourceType: 'state', _resourceId: _integrationId, _integrationId } as const;
  return [{ event: 'update', ...common, ...fieldChangesOf(keys) }];
}

function nameOf({ name }: Stored): { readonly name?: string } {
  return typeof name === 'string' ? { name: shorten(name, PATH_CHARS) } : {};
}

/** The first fields, within the limits of an entry. */
export function fieldChangesOf(paths: readonly string[]): Pick<AuditedEvent, 'fieldChanges'> {
  let chars = 0;
  const named = paths.slice(0, FIELDS_MAX).filter((path) => {
    chars += path.length;
    return chars <= PATHS_CHARS;
  });
  return { fieldChanges: named.map((fieldPath) => ({ fieldPath })) };
}
