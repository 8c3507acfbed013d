/** Checks replies against the API's description, with a different validator than the one for requests. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { describeApi } from '../../src/api/openapi/document.ts';
import { routes as table } from '../../src/api/routes.ts';
import type { JsonObject } from '../../src/json.ts';

interface Described {
  readonly description: string;
  readonly headers: Record<string, { $ref: string }>;
  readonly content?: Record<string, { schema?: JsonObject }>;
}
interface DescribedOperation {
  readonly responses: Record<string, Described>;
}

export const description = describeApi(table, '0.0.0', 'http://localhost/v1');
const ROOT = 'description';

const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema(description, ROOT);

const routes = Object.entries(description.paths as unknown as Record<string, Record<string, DescribedOperation>>).map(
  ([path, operations]) => ({
    path,
    operations,
    pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+').replaceAll('.', '\\.')}$`),
    parameters: path.split('{').length,
  }),
);
/** Literal paths come before those with parameters. */
routes.sort((a, b) => a.parameters - b.parameters);

export interface GivenReply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: unknown;
}

/** @throws Error naming the part of the reply that differs from the description */
export function assertDescribed(method: string, target: string, reply: GivenReply): void {
  const [path = '', query = ''] = target.split('?');
  const bare = path.replace(/^\/v1(?=\/)/, '');
  // The dashboard is not part of the API.
  if (path === '/' || path.startsWith('/dashboard')) return;
  const route = routes.find(({ pattern }) => pattern.test(bare));
  const operation = route?.operations[method === 'HEAD' ? 'get' : method.toLowerCase()];
  const fail = (what: string): never => {
    throw new Error(`${method} ${target} → ${reply.status}: ${what}\n${reply.text.slice(0, 1_000)}`);
  };
  if (!reply.headers.has('x-request-id')) fail('no X-Request-Id');
  // Not a route of the API: the reply must be an error in the usual format.
  if (!operation) {
    if (![400, 401, 403, 404, 405, 429, 503].includes(reply.status)) fail('is not described');
    return assertErrors(method, reply, fail);
  }
  const described = operation.responses[reply.status] ?? operation.responses.default;
  if (!described) return fail('the status is not described');
  for (const name of ['location', 'etag', 'www-authenticate', 'retry-after', 'bulkhead-run-id', 'preference-applied']) {
    const isNamed = Object.keys(described.headers).some((its) => its.toLowerCase() === name);
    if (reply.headers.has(name) && !isNamed && !('default' in operation.responses)) fail(`${name} is not described`);
  }
  if (method === 'HEAD' || described === operation.responses.default) return;
  const type = (reply.headers.get('content-type') ?? '').split(';')[0] as string;
  if (!described.content) return reply.text === '' ? undefined : fail('has a body');
  const content = described.content[type] ?? described.content[`${type.split('/')[0]}/*`] ?? described.content['*/*'];
  if (!content) return fail(`${type} is not described`);
  const value = type === 'application/json' ? reply.body : reply.text;
  if (!content.schema || /^(?:application\/gzip|image\/.*)$/.test(type)) return;
  const isProjected = /(?:^|&)(?:include|exclude)=/.test(query);
  const validate = validatorOf(isProjected ? content.schema : whole(content.schema));
  if (!validate(value)) fail(ajv.errorsText(validate.errors));
}

function assertErrors(method: string, reply: GivenReply, fail: (what: string) => never): void {
  if (method === 'HEAD') return;
  const validate = validatorOf({ $ref: '#/components/schemas/Errors' });
  if (!validate(reply.body)) fail(ajv.errorsText(validate.errors));
}

/** Without `include` and `exclude`, records must have all required fields. */
function whole(schema: JsonObject): JsonObject {
  const { anyOf, items } = schema as { anyOf?: JsonObject[]; items?: JsonObject };
  if (anyOf && JSON.stringify(anyOf).includes('/Projected')) return anyOf[0] as JsonObject;
  return items ? { ...schema, items: whole(items) } : schema;
}

function validatorOf(schema: JsonObject): ValidateFunction {
  const key = JSON.stringify(schema);
  const known = validators.get(key);
  if (known) return known;
  const absolute = JSON.parse(key.replaceAll('"#/components/', `"${ROOT}#/components/`)) as JsonObject;
  const validate = ajv.compile(absolute);
  validators.set(key, validate);
  return validate;
}
const validators = new Map<string, ValidateFunction>();
