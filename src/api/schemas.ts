/** Schemas of replies. No request is checked against them. */
import Type, { type TObject, type TSchema } from '#typebox';
import { bundleTextNames } from '../connector/presentation.ts';
import { Job } from '../flow/job.ts';
import { DiyBody, InstallBody, IntegrationChange, IntegrationFields } from '../integration/integration.ts';
import { JsonPatch } from '../record/json-patch.ts';
import { RecordFields } from '../record/record.ts';
import { AuditEntry } from '../store/audit.ts';
import { ObjectId, perRecordKind, Stored, Timestamp } from '../store/stored.ts';
import { AccessToken, AccessTokenBody } from './access-token.ts';
import { tokenScopes } from './operation.ts';

const Text = Type.String();
const Count = Type.Integer({ minimum: 0 });
const Version = Type.Union([Text, Type.Null()]);

export const AnyJson = Type.Unknown({ description: 'Any JSON.' });

export const ErrorItems = Type.Array(
  Type.Object(
    {
      code: Type.String({ description: 'Stable; compare this.' }),
      message: Type.String({ description: 'For humans; may change.' }),
      field: Type.Optional(Type.String({ description: 'A dotted path.' })),
    },
    { additionalProperties: false },
  ),
  { minItems: 1 },
);
export const Errors = Type.Object({ errors: ErrorItems }, { additionalProperties: false });

/** A record reduced by `include` or `exclude`. */
export const Projected = Type.Object(
  {},
  { description: 'With `include` or `exclude`: the requested fields, and `_id`.' },
);

export const Integration = Type.Object(
  { ...Stored.properties, ...IntegrationFields.properties },
  { description: 'Connections, exports, imports and flows that link two applications.' },
);

export const Entity = Type.Object(
  { ...Stored.properties, ...RecordFields.properties, _integrationId: ObjectId },
  { description: 'A connection, export, import or flow. Other fields may hold any JSON.' },
);

const Named = Type.Array(Type.Object({ id: ObjectId, name: Text }));
export const Dependencies = Type.Object(perRecordKind(() => Named));

export const StateKeys = Type.Object({ keys: Type.Array(Text) });

const Permissions = Type.Object({ fetch: Type.Optional(Type.Array(Text)) });
const ConnectorLimits = Type.Object({
  timeoutMs: Type.Optional(Count),
  cpuMs: Type.Optional(Count),
  memoryMb: Type.Optional(Count),
});
export const Connector = Type.Object({
  _id: ObjectId,
  name: Text,
  title: Text,
  version: Type.Optional(Text),
  description: Type.Optional(Text),
  imageURL: Type.Optional(Text),
  texts: Type.Optional(
    Type.Array(Type.Enum([...bundleTextNames]), { description: 'Which of these texts its bundle has.' }),
  ),
  status: Type.Enum(['ready', 'held', 'invalid']),
  digest: Type.Optional(Text),
  permissions: Permissions,
  limits: ConnectorLimits,
  preUninstallFunction: Type.Optional(Text),
  uploaded: Type.Optional(Type.Literal(true, { description: 'It was uploaded here, so it can be deleted here.' })),
  pending: Type.Optional(
    Type.Object(
      { version: Text, digest: Text, adds: Type.Array(Text), sentences: Type.Array(Text) },
      { description: 'A version that asks for more than was approved, and awaits approval.' },
    ),
  ),
  errors: Type.Optional(ErrorItems),
  warnings: Type.Optional(ErrorItems),
});

const Newer = Type.Optional(Type.Object({ version: Text }, { description: 'A newer version is available.' }));
export const InstallBaseRow = Type.Object({
  _integrationId: ObjectId,
  name: Text,
  version: Version,
  updateInProgress: Type.Boolean(),
  update: Newer,
});

const Payload = Type.Union([
  Type.Object({
    value: AnyJson,
    masked: Type.Optional(Type.Literal(true, { description: 'Credentials in it are masked.' })),
  }),
  Type.Object({ omittedBytes: Type.Integer({ minimum: 0, description: 'Not stored: its size.' }) }),
]);

const outcomes = ['running', 'succeeded', 'failed', 'faulted', 'cut_off'] as const;
export const Run = Type.Object({
  _id: ObjectId,
  _integrationId: ObjectId,
  _connectorId: Type.Optional(ObjectId),
  version: Text,
  digest: Text,
  node: Type.Optional(Type.String({ description: 'Name of the node that ran it.' })),
  section: Text,
  function: Text,
  traceId: Type.Optional(
    Type.String({ pattern: '^[0-9a-f]{32}$', description: 'Trace id of the request that started the run.' }),
  ),
  startedAt: Timestamp,
  outcome: Type.Enum([...outcomes]),
  endedAt: Type.Optional(Timestamp),
  wallMs: Type.Optional(Type.Number({ minimum: 0 })),
  cpuMs: Type.Optional(Type.Number({ minimum: 0 })),
  heapBytes: Type.Optional(Type.Number({ minimum: 0, description: 'Peak heap use observed.' })),
  requests: Count,
  fault: Type.Optional(Text),
  errors: Type.Optional(ErrorItems),
  stack: Type.Optional(Text),
  progress: Type.Optional(Type.Object({ fraction: Type.Number({ minimum: 0, maximum: 1 }), message: Text })),
  log: Type.Array(Type.Object({ at: Timestamp, level: Type.Enum(['debug', 'info', 'warn', 'error']), message: Text })),
  input: Type.Optional(Payload),
  answer: Type.Optional(Payload),
});

export const Tile = Type.Object({
  _integrationId: ObjectId,
  _connectorId: Type.Optional(ObjectId),
  name: Text,
  tag: Type.Optional(Text),
  mode: Type.Optional(Text),
  version: Type.Optional(Text),
  update: Newer,
  imageURL: Type.Optional(Text),
  updateInProgress: Type.Optional(Type.Boolean()),
  steps: Type.Object({ total: Count, completed: Count }),
  records: Type.Object(perRecordKind(() => Count)),
  lastRun: Type.Union([
    Type.Null(),
    Type.Object({
      _id: ObjectId,
      section: Text,
      function: Text,
      startedAt: Timestamp,
      outcome: Type.Enum([...outcomes]),
    }),
  ]),
  lastJob: Type.Union([
    Type.Null(),
    Type.Pick(Job, [
      '_id',
      '_flowId',
      'status',
      'createdAt',
      'endedAt',
      'numSuccess',
      'numError',
      'numIgnore',
      'numOpenError',
    ]),
  ]),
  offlineConnections: Type.Array(ObjectId),
});

export const TokenInfo = Type.Union([
  Type.Object({ scope: Type.Literal('administrator') }),
  Type.Object({
    scope: Type.Enum([...tokenScopes], { description: 'Of an access token.' }),
    _id: ObjectId,
    name: Text,
    _integrationIds: Type.Optional(Type.Array(ObjectId)),
    autoPurgeAt: Type.Optional(Timestamp),
  }),
  Type.Object({
    scope: Type.Literal('run'),
    runId: ObjectId,
    _connectorId: ObjectId,
    _integrationId: ObjectId,
    expiresAt: Timestamp,
  }),
]);

export const Health = Type.Object({
  status: Type.Enum(['ok', 'degraded', 'unavailable']),
  reasons: Type.Array(Text),
});

export const Ping = Type.Object({
  success: Type.Boolean(),
  status: Type.Optional(Type.Integer()),
  errors: Type.Optional(ErrorItems),
});

export const PingOfUnsaved = Type.Object({
  ...Ping.properties,
  answer: Type.Optional(Type.String({ description: 'The first 500 characters, without credentials.' })),
});

export const Restored = Type.Object({
  restored: Count,
  unchanged: Count,
  overwritten: Count,
  acceptances: Count,
  oauthClients: Type.Optional(Count),
});

/** Schemas that the API description refers to by name. */
export const named: Readonly<Record<string, TSchema>> = {
  Errors,
  ErrorItems,
  Integration,
  IntegrationChange,
  DiyIntegration: DiyBody,
  Install: InstallBody,
  Record: Entity,
  RecordFields,
  JsonPatch,
  Dependencies,
  StateKeys,
  Connector,
  InstallBaseRow,
  Run,
  Tile,
  TokenInfo,
  AccessToken,
  AccessTokenBody,
  AuditEntry,
  Health,
  Ping,
  Restored,
  Projected,
};

/** Query flags: `true`, or the name alone. */
export const flags = (...all: readonly (readonly [name: string, description: string])[]): TObject =>
  Type.Object(
    Object.fromEntries(
      all.map(([name, description]) => [name, Type.Optional(Type.Enum(['true', 'false', ''], { description }))]),
    ),
  );

export const orProjected = (schema: TSchema): TSchema => Type.Union([schema, Projected]);
