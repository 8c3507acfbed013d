/** The API description (OpenAPI 3.1), built from the routes and the schemas that check their requests. */
import Type, { type TSchema } from '#typebox';
import { type ErrorCode, statusOf } from '../../errors.ts';
import type { Json, JsonObject } from '../../json.ts';
import { ObjectId } from '../../store/store.ts';
import { type Body, type Operation, type ReplyDescription, scopes } from '../operation.ts';
import { Errors, named } from '../schemas.ts';
import { requestHeaders, responseHeaders } from './headers.ts';

const JSON_TYPE = 'application/json';
/** Path parameters. All others are ids. */
const parameterSchemas: Readonly<Record<string, TSchema>> = {
  key: Type.String({ maxLength: 256 }),
  function: Type.String(),
};
const commonErrors: readonly ErrorCode[] = [
  'bad_request',
  'host_not_allowed',
  'request_timeout',
  'expectation_failed',
  'headers_too_large',
  'internal_error',
];
const tokenErrors: readonly ErrorCode[] = [
  'invalid_query_params',
  'unauthorized',
  'run_elsewhere',
  'access_restricted',
  'rate_limited',
  'shutting_down',
  'store_unavailable',
];
const writeErrors: readonly ErrorCode[] = ['store_full'];
const bodyErrors: readonly ErrorCode[] = [
  'invalid_json',
  'request_too_large',
  'unsupported_media_type',
  'invalid_field',
];
const headersOfStatus: Readonly<Record<number, readonly (keyof typeof responseHeaders)[]>> = {
  401: ['WWW-Authenticate'],
  429: ['Retry-After'],
  503: ['Retry-After'],
};

/** @param version of the product; @param url base of the API, `/v1` included */
export function describeApi(operations: readonly Operation[], version: string, url: string): JsonObject {
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of operations) {
    paths[operation.path] ??= {};
    (paths[operation.path] as Record<string, Json>)[operation.method] = describe(operation);
  }
  const description: JsonObject = {
    openapi: '3.1.1',
    info: {
      title: 'Bulkhead',
      version,
      description:
        'A self-hosted runtime for connectors. Every route also works without `/v1`. Errors are always `{"errors":[{"code","message","field"?}]}`; `code` is stable.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url }],
    security: [{ token: [] }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(named).map(([name, schema]) => [name, inline(schema)])),
      parameters: Object.fromEntries(
        Object.entries(requestHeaders).map(([name, { schema, description }]) => [
          name,
          { name, in: 'header', required: false, description, schema: refOrInline(schema) },
        ]),
      ),
      headers: Object.fromEntries(
        Object.entries(responseHeaders).map(([name, { schema, description }]) => [
          name,
          { description, schema: refOrInline(schema) },
        ]),
      ),
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description:
            "The administrator's token; an access token, for the operations whose `x-token-scopes` have its scope; or a run's `bearerToken`, which is limited to the run's integration.",
        },
      },
    },
  };
  return description;
}

function describe(operation: Operation): JsonObject {
  const { method, path, tag, summary, description, scope, body, replies, passesOn } = operation;
  return {
    operationId: operationIdOf(method, path),
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(scope === 'none' ? { security: [] } : { 'x-token-scopes': scopes[scope] }),
    parameters: parametersOf(operation),
    ...(body ? { requestBody: describeBody(body) } : {}),
    responses: {
      ...Object.fromEntries(Object.entries(replies).map(([status, reply]) => [status, describeReply(reply)])),
      ...Object.fromEntries(
        errorsOf(operation).map(([status, codes]) => [status, describeErrors(status, codes, passesOn)]),
      ),
      ...(passesOn === 'replies'
        ? {
            default: { description: "The application's own reply.", content: { '*/*': {} }, headers: headersNamed([]) },
          }
        : {}),
    },
  };
}

/** `putIntegrationsIdSettingsFunction`. */
function operationIdOf(method: string, path: string): string {
  const words = path.split(/[^A-Za-z]+/).filter(Boolean);
  return method + words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
}

function parametersOf({ path, query = [], headers = [], scope }: Operation): Json[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: refOrInline(parameterSchemas[name] ?? ObjectId),
  }));
  const inQuery = query.flatMap(({ properties }) =>
    Object.entries(properties).map(([name, schema]) => {
      const { description, ...rest } = refOrInline(schema) as JsonObject;
      return {
        name,
        in: 'query',
        required: false,
        ...(description === undefined ? {} : { description }),
        schema: rest,
      };
    }),
  );
  const traceHeaders = scope === 'none' ? [] : (['traceparent', 'tracestate'] as const);
  const inHeaders = [...headers, ...traceHeaders].map((name) => ({ $ref: `#/components/parameters/${name}` }));
  return [...inPath, ...inQuery, ...inHeaders];
}

function describeBody({ schema, types = [JSON_TYPE], isRequired = true }: Body): JsonObject {
  const content = Object.fromEntries(types.map((type) => [type, { schema: refOrInline(schema) }]));
  return { required: isRequired, content };
}

function describeReply({ description, schema, type = JSON_TYPE, headers = [] }: ReplyDescription): JsonObject {
  return {
    description,
    headers: headersNamed(headers),
    ...(schema === undefined ? {} : { content: { [type]: { schema: refOrInline(schema) } } }),
  };
}

const headersNamed = (names: readonly string[]): JsonObject =>
  Object.fromEntries(['X-Request-Id', ...names].map((name) => [name, { $ref: `#/components/headers/${name}` }]));

/** An operation's error codes by status. */
function errorsOf({ method, scope, body, errors = [], replies }: Operation): [status: number, codes: ErrorCode[]][] {
  const all = new Set([
    ...commonErrors,
    ...(scope === 'none' ? [] : tokenErrors),
    ...(scope === 'none' || method === 'get' ? [] : writeErrors),
    ...(body ? bodyErrors : []),
    ...errors,
  ]);
  const byStatus = Map.groupBy(all, statusOf);
  return [...byStatus].filter(([status]) => !(status in replies)).sort(([a], [b]) => a - b);
}

function describeErrors(status: number, codes: readonly ErrorCode[], passesOn: Operation['passesOn']): JsonObject {
  const listed = codes.map((code) => `\`${code}\``).join(', ');
  // The application's reply is forwarded whatever its status.
  if (passesOn === 'replies') {
    const content = { '*/*': {} };
    return { description: `${listed}, or the application's own reply.`, headers: headersNamed([]), content };
  }
  const connectorCode = passesOn === 'errors' && status === 422 ? ', or a code of the connector' : '';
  const hasRunId = passesOn === 'errors' && [409, 412, 422, 500, 503, 507].includes(status);
  return describeReply({
    description: `${listed}${connectorCode}.`,
    schema: Errors,
    headers: [...(headersOfStatus[status] ?? []), ...(hasRunId ? ['Bulkhead-Run-Id' as const] : [])],
  });
}

// --- schemas --------------------------------------------------------------------------------------

const names: ReadonlyMap<unknown, string> = new Map(Object.entries(named).map(([name, schema]) => [schema, name]));

/** A schema as JSON. Named schemas become references. */
function refOrInline(schema: unknown): Json {
  const name = names.get(schema);
  return name === undefined ? inline(schema) : { $ref: `#/components/schemas/${name}` };
}

function inline(schema: unknown): Json {
  if (Array.isArray(schema)) return schema.map(refOrInline);
  if (typeof schema !== 'object' || schema === null) return schema as Json;
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, refOrInline(value)]));
}
