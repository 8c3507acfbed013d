/** The audit log: who changed what, and when. It has the names of changed fields, not their values. */
import Type, { type Static } from '#typebox';
import { objectIds } from './object-id.ts';
import { ObjectId, Timestamp } from './stored.ts';

/** Newest entries retained of people, and of each connector: a connector cannot displace people's entries. */
export const ENTRIES_RETAINED = 10_000;
/** Entries of one commit. Further records are counted in the last one. */
export const ENTRIES_PER_COMMIT = 100;
/** Fields named in an entry. */
export const FIELDS_MAX = 50;
/** Characters of a field's path, and of a name. */
export const PATH_CHARS = 200;
/** Characters of all paths in an entry. Further fields are left out. */
export const PATHS_CHARS = 2_000;

/** Who asked for a change. */
export const Caller = Type.Union([
  Type.Object({ type: Type.Literal('administrator') }, { description: 'With the administrator’s token.' }),
  Type.Object(
    { type: Type.Literal('token'), _id: ObjectId, name: Type.String() },
    { description: 'With an access token.' },
  ),
  Type.Object({ type: Type.Literal('host') }, { description: 'The application that embeds the runtime.' }),
  Type.Object({ type: Type.Literal('command') }, { description: 'A command on the store itself.' }),
  Type.Object({ type: Type.Literal('runtime') }, { description: 'The runtime itself.' }),
]);
export type Caller = Readonly<Static<typeof Caller>>;

export const HOST: Caller = Object.freeze({ type: 'host' });
export const COMMAND: Caller = Object.freeze({ type: 'command' });
export const RUNTIME: Caller = Object.freeze({ type: 'runtime' });

const AuthorRun = Type.Object({ _id: ObjectId, _connectorId: ObjectId });

/** Who makes a change: somebody, perhaps through a run that they started. */
export interface Author {
  readonly by: Caller;
  readonly run?: Readonly<Static<typeof AuthorRun>>;
}

export const auditEvents = [
  'create',
  'update',
  'delete',
  'install',
  'uninstall',
  'upgrade',
  'upload',
  'approve',
  'connect',
  'disconnect',
  'revoke',
  'expire',
  'backup',
  'restore',
] as const;

export const auditResources = [
  'integration',
  'connection',
  'export',
  'import',
  'flow',
  'state',
  'accesstoken',
  'connector',
  'iclient',
  'server',
] as const;

export const AuditEntry = Type.Object({
  _id: ObjectId,
  time: Timestamp,
  event: Type.Enum([...auditEvents]),
  resourceType: Type.Enum([...auditResources]),
  _resourceId: Type.Optional(ObjectId),
  _integrationId: Type.Optional(ObjectId),
  name: Type.Optional(Type.String({ description: 'Name of the resource at that time.' })),
  by: Caller,
  run: Type.Optional(AuthorRun),
  fieldChanges: Type.Optional(
    Type.Array(Type.Object({ fieldPath: Type.String() }), {
      description: 'Changed fields, without their values. Missing if the resource was created or removed, or is large.',
    }),
  ),
  omitted: Type.Optional(Type.Integer({ description: 'Number of further records in the same change.' })),
});
type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;
export type AuditEntry = DeepReadonly<Static<typeof AuditEntry>>;

/** What happened, before it has an id and a time. */
export type AuditedEvent = Omit<AuditEntry, '_id' | 'time' | 'by' | 'run'>;

/** Whose quota an entry uses: a connector's, or that of all people. */
export const writerOf = ({ run, event }: AuditEntry): string =>
  run === undefined || event === 'install' || event === 'uninstall' ? '' : run._connectorId;

/** Gives events their ids, times and authors. */
export type MakeEntries = (author: Author, events: readonly AuditedEvent[]) => AuditEntry[];

export function entryMaker(now: () => number = Date.now): MakeEntries {
  const ids = objectIds(now);
  return ({ by, run }, events) =>
    events.map((event) => ({
      _id: ids(),
      time: new Date(now()).toISOString(),
      ...event,
      by,
      ...(run === undefined ? {} : { run }),
    }));
}

export const entryOf = (make: MakeEntries, author: Author, event: AuditedEvent): AuditEntry =>
  make(author, [event])[0] as AuditEntry;
