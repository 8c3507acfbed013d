/**
 * The module `integrator-api` of integrator.io's scripts, over `fetch` to the runtime's own API. Bundled where it is
 * imported. There its calls return results; here they return promises.
 */
type Declared = typeof import('./types/integrator-api.d.ts');
type Resources = Declared['connections'];
type Id = Parameters<Resources['get']>[0];
type Saved = Awaited<ReturnType<Resources['create']>>;

class IntegratorApiError extends Error {
  override readonly name = 'IntegratorApiError';
  readonly code: string;
  readonly statusCode: number | undefined;
  readonly errors: readonly object[];

  constructor(code: string, message: string, statusCode?: number, errors: readonly object[] = []) {
    super(message);
    this.code = code;
    this.statusCode = statusCode;
    this.errors = errors;
  }
}

interface Reply {
  readonly value: unknown;
  /** Path of the next page. */
  readonly next: string | undefined;
}

const NOT_FOUND = 404;

async function request(method: string, path: string, body?: unknown): Promise<Reply> {
  const response = await fetch(path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  const value: unknown = isJson && text !== '' ? JSON.parse(text) : text;
  if (response.ok) return { value, next: nextPath(response.headers.get('link')) };
  const { errors = [] } = (isJson ? value : {}) as { errors?: { code: string; message: string }[] };
  const { code = 'request_failed', message = `${method} ${path} was answered with ${response.status}` } =
    errors[0] ?? {};
  throw new IntegratorApiError(code, message, response.status, errors);
}

function nextPath(link: string | null): string | undefined {
  const [, address] = /<([^>]*)>;\s*rel="?next/.exec(link ?? '') ?? [];
  if (address === undefined) return undefined;
  const { pathname, search } = new URL(address, 'http://localhost');
  return pathname + search;
}

/** Undefined for what is not there. */
async function readIfPresent(path: string): Promise<unknown> {
  try {
    return (await request('GET', path)).value;
  } catch (error) {
    if (error instanceof IntegratorApiError && error.statusCode === NOT_FOUND) return undefined;
    throw error;
  }
}

const missing = (what: string): IntegratorApiError =>
  new IntegratorApiError('missing_required_field', `${what} is missing.`);

function idIn(given: Id | undefined): string {
  const id = typeof given === 'object' ? given._id : given;
  if (typeof id !== 'string' || id === '') throw missing('_id');
  return encodeURIComponent(id);
}

function resources(kind: string): Resources {
  return {
    async find(query = {}) {
      const found: Saved[] = [];
      for (let path: string | undefined = `/v1/${kind}`; path !== undefined; ) {
        const { value, next }: Reply = await request('GET', path);
        found.push(...(value as Saved[]));
        path = next;
      }
      return found.filter((record) => Object.entries(query).every(([key, value]) => record[key] === value));
    },
    get: async (id) => (await readIfPresent(`/v1/${kind}/${idIn(id)}`)) as Saved | undefined,
    create: async (record) => (await request('POST', `/v1/${kind}`, record)).value as Saved,
    update: async (record) => (await request('PUT', `/v1/${kind}/${idIn(record)}`, record)).value as Saved,
    async delete(id) {
      await request('DELETE', `/v1/${kind}/${idIn(id)}`);
    },
  };
}

const listOf = (data: unknown): unknown => (data === undefined || Array.isArray(data) ? data : [data]);

let statePath: string | undefined;
/** A module belongs to one integration, so its path is looked up once. */
async function pathOfState(key?: string): Promise<string> {
  if (statePath === undefined) {
    const { value } = await request('GET', '/v1/tokenInfo');
    statePath = `/v1/integrations/${(value as { _integrationId: string })._integrationId}/state`;
  }
  return key === undefined ? statePath : `${statePath}/${encodeURIComponent(key)}`;
}

function keyIn(key: string): string {
  if (typeof key !== 'string' || key === '') throw missing('key');
  return key;
}

const save: Declared['state']['set'] = async (key, value) => {
  await request('PUT', await pathOfState(keyIn(key)), value);
};

/** Says which function is not here, instead of "undefined is not a function". */
function named<Members extends object>(name: string, members: Members): Members {
  return new Proxy(members, {
    get(target, key, receiver) {
      if (typeof key === 'symbol' || key in target || key === 'then') return Reflect.get(target, key, receiver);
      return async () => {
        throw new IntegratorApiError('ERR_NOT_AVAILABLE', `${name}.${key} of integrator-api is not available here.`);
      };
    },
  });
}

const exportResources: Declared['exports'] = named('exports', {
  ...resources('exports'),
  run: async ({ _id, ...options }) =>
    (await request('POST', `/v1/exports/${idIn(_id)}/invoke`, options)).value as never,
});
export const imports: Declared['imports'] = named('imports', {
  ...resources('imports'),
  run: async ({ _id, data }) => (await request('POST', `/v1/imports/${idIn(_id)}/invoke`, listOf(data))).value as never,
});
export const flows: Declared['flows'] = named('flows', {
  ...resources('flows'),
  run: async ({ _id, ...options }) => (await request('POST', `/v1/flows/${idIn(_id)}/run`, options)).value as never,
});
export const connections: Declared['connections'] = named('connections', resources('connections'));
export const integrations: Declared['integrations'] = named('integrations', resources('integrations'));

export const state: Declared['state'] = named('state', {
  find: async () => ((await request('GET', await pathOfState())).value as { keys: string[] }).keys,
  get: async (key) => readIfPresent(await pathOfState(keyIn(key))),
  set: save,
  create: save,
  update: save,
  async delete(key) {
    await request('DELETE', await pathOfState(keyIn(key)));
  },
});

export const accessTokens: object = named('accessTokens', {});
export const asyncHelpers: object = named('asyncHelpers', {});
export const fileDefinitions: object = named('fileDefinitions', {});
export const lookupCaches: object = named('lookupCaches', {});

export { exportResources as exports };
