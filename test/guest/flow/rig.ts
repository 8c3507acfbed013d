/**
 * Calls the flow engine in a real compartment, with a real application behind it. In the runtime's place stands only the
 * way from an ask to the application; `through-the-runtime.test.ts` goes through a server.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import {
  type Ask,
  createSandbox,
  defaultLimits,
  type EngineFunction,
  type EngineLimits,
  fixedAsk,
  type Outcome,
  type Sandbox,
} from '../../../sandbox/index.ts';

export interface Received {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text, or JSON. */
  readonly body?: unknown;
}

export type Application = (request: Received, number: number) => Answer | Promise<Answer>;

export interface CallOptions {
  /** Source of the connector's bundle. */
  readonly connector?: string;
  readonly limits?: Partial<EngineLimits>;
  /** By default calls share an isolate that stays warm, since loading the engine takes most of a call's time. */
  readonly integrationId?: string;
  /** Each call gets an isolate of its own. */
  readonly isCold?: boolean;
}

export interface Rig {
  /** What the application answers; emptied before each test. */
  application: Application;
  readonly received: Received[];
  /** Requests that were open at the same time, at most. */
  mostOpen: number;
  readonly baseURI: string;
  readonly sandbox: Sandbox;
  outcome(engine: EngineFunction, argument: object, options?: CallOptions): Promise<Outcome>;
  /** The answer. Throws the outcome if there is none. */
  call<T = Record<string, unknown>>(engine: EngineFunction, argument: object, options?: CallOptions): Promise<T>;
}

export const limits: EngineLimits = { pageRecords: 100, pageBytes: 1024 * 1024, pauseMs: 0, errors: 100 };

interface Request {
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | null;
}

/** For the tests of one file. */
export function useEngine(): Rig {
  let sandbox: Sandbox;
  let runs = 0;
  let open = 0;
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    const asked = { method, url, headers, body: await textOf(request) };
    received.push(asked);
    const {
      status = 200,
      headers: answered = {},
      body = '',
    } = await Promise.resolve(asked)
      .then((sent) => rig.application(sent, received.length))
      .catch((error: Error): Answer => ({ status: 400, body: error.message }));
    response.writeHead(status, { 'content-type': 'application/json', ...answered });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });

  const ask: Ask = {
    ...fixedAsk('{"value":null}'),
    async fetch(text) {
      open++;
      rig.mostOpen = Math.max(rig.mostOpen, open);
      const { url, headers, body } = JSON.parse(text) as Request;
      const sent = new Headers(headers as [string, string][]);
      const isFilled = sent.get('integrator-templates') === 'true';
      const fill = (value: string): string =>
        isFilled ? value.replaceAll('{{connection.http.encrypted.key}}', 'KEY') : value;
      if (url !== '/v1/connections/c1/proxy') throw new Error(url);
      const address = rig.baseURI + fill(sent.get('integrator-relative-uri') ?? '');
      const method = sent.get('integrator-method') ?? 'GET';
      for (const name of ['integrator-method', 'integrator-relative-uri', 'integrator-templates']) sent.delete(name);
      const response = await fetch(address, { method, headers: sent, body: body === null ? null : fill(body) });
      const answered = [...response.headers, ['bulkhead-proxied', 'true']];
      const value = { url: address, status: response.status, statusText: '', headers: answered };
      const reply = JSON.stringify({ value: { ...value, body: await response.text() } });
      open--;
      return reply;
    },
  };

  const rig: Rig & { baseURI: string } = {
    application: () => ({}),
    received,
    mostOpen: 0,
    baseURI: '',
    get sandbox() {
      return sandbox;
    },
    outcome(engine, argument, options = {}) {
      const { connector = 'exports.hooks = {}', limits: own, integrationId = 'shared', isCold } = options;
      const connection = { _id: 'c1', type: 'http', http: { baseURI: rig.baseURI }, settings: { region: 'eu' } };
      const context = { _integrationId: 'i1', bearerToken: 'token', connections: { c1: connection } };
      const bundle = { connectorId: 'c', digest: connector, filename: 'c/index.js', format: 'commonjs' } as const;
      return sandbox.run(
        {
          runId: `run${++runs}`,
          bundle: { ...bundle, code: connector },
          integrationId: isCold ? `integration${runs}` : integrationId,
          call: { engine, argument: JSON.stringify({ ...context, limits: { ...limits, ...own }, ...argument }) },
          limits: { ...defaultLimits, timeoutMs: 20_000 },
        },
        ask,
      );
    },
    async call<T>(engine: EngineFunction, argument: object, options?: CallOptions) {
      const outcome = await rig.outcome(engine, argument, options);
      if (outcome.status !== 'answered') throw new Error(JSON.stringify(outcome));
      return JSON.parse(outcome.result) as T;
    },
  };
  beforeAll(async () => {
    sandbox = createSandbox({ prewarmed: false, threads: 1 });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    rig.baseURI = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
  });
  beforeEach(() => {
    received.length = 0;
    rig.mostOpen = 0;
    rig.application = () => ({});
  });
  afterAll(async () => {
    await sandbox.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return rig;
}

/** An HTTP export. */
export const httpExport = (http: object, more: object = {}) => ({
  export: { _id: 'e1', _connectionId: 'c1', adaptorType: 'HTTPExport', http, ...more },
  pageIndex: 0,
  currentExportDateTime: '2026-11-30T12:00:00.000Z',
  _jobId: 'job1',
});

/** An import, as the only processor of a flow. */
export const oneImport = (record: object, data: readonly unknown[], processor: object = {}) => ({
  data,
  pageIndex: 0,
  firstProcessor: 0,
  idempotencyPrefix: 'job1:0',
  processors: [{ type: 'import', record: { _id: 'm1', _connectionId: 'c1', ...record }, ...processor }],
});

/** Reads all pages of an export. */
export async function readAll(rig: Rig, argument: object, options?: CallOptions): Promise<unknown[][]> {
  const pages: unknown[][] = [];
  let state: unknown;
  for (let pageIndex = 0; pageIndex < 20; pageIndex++) {
    const page = await rig.call<{ data: unknown[]; isLast: boolean; state?: unknown }>(
      'generate',
      { ...argument, pageIndex, ...(state === undefined ? {} : { state }) },
      options,
    );
    pages.push(page.data);
    if (page.isLast) return pages;
    state = page.state;
  }
  throw new Error('the export does not end');
}
