/** What the fuzzer plays with: a real server with an integration, records, a connector and an application. */
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Client, createPooledClient } from '../support/client.ts';
import { writeBundle } from '../support/folders.ts';
import { Prober } from '../support/prober.ts';
import { launchServer, type Server } from '../support/server.ts';
import { packed } from '../support/tarballs.ts';
import { bytesOf } from './bodies.ts';
import type { FuzzRequest } from './requests.ts';
import { type FuzzReply, Sender } from './sender.ts';
import type { Place } from './values.ts';

export const TOKEN = 'the-fuzzers-token';
/** Of a body that comes out of a run: of what is longer only the head is looked at. */
const TEXT_CHARS = 100_000;

/** Forwards requests to the API, and has a function of each kind. */
const CODE = `
const answered = async ({ method, target, headers, text }) => {
  try {
    const response = await fetch(target, { method, headers, ...(text === undefined ? {} : { body: text }) });
    const body = await response.text();
    return { status: response.status, headers: [...response.headers], text: body.slice(0, ${TEXT_CHARS}), isCut: body.length > ${TEXT_CHARS} };
  } catch (error) {
    return { refused: String(error.code ?? error.name) };
  }
};
const echo = (options) => ({ ...options, bearerToken: undefined });
const wait = () => new Promise((resolve) => setTimeout(resolve, 20, 'waited'));
const fail = () => { throw Object.assign(new Error('failed'), { code: 'of_the_connector' }); };
const functions = { echo, wait, fail, step: (options) => options.answer ?? { success: true } };
exports.settings = { ...functions };
exports.installer = { ...functions };
exports.uninstaller = { ...functions };
exports.utilities = { ...functions, forward: ({ requests }) => Promise.all(requests.map(answered)) };
`;
const FORM = {
  fields: [
    { name: 'a', type: 'text' },
    { name: 'b', type: 'select', options: ['x', 'y'] },
  ],
};
const STEPS = [
  { name: 'one', installerFunction: 'step' },
  { name: 'two', uninstallerFunction: 'step' },
];

export class World {
  readonly #folder: string;
  readonly #application: HttpServer;
  readonly server: Server;
  readonly prober: Prober;
  readonly client: Client;
  readonly #closeClient: () => Promise<void>;
  readonly #sender: Sender;
  readonly #places = new Map<Place, string>();

  private constructor(folder: string, application: HttpServer, server: Server, prober: Prober) {
    this.#folder = folder;
    this.#application = application;
    this.server = server;
    this.prober = prober;
    const { client, close } = createPooledClient(server.url, TOKEN, 4);
    this.client = client;
    this.#closeClient = close;
    this.#sender = new Sender(server.url, TOKEN);
  }

  /** @param folder for everything; what is in it stays */
  static async open(folder: string): Promise<World> {
    const application = createServer((request, response) => {
      request.resume();
      response.end('ok');
    });
    await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(application.address() as AddressInfo).port}`;
    const connector = {
      settings: FORM,
      install: STEPS,
      preUninstallFunction: 'step',
      permissions: { fetch: [url] },
      limits: { timeoutMs: 10_000 },
    };
    await writeBundle(join(folder, 'connectors'), 'fuzzed-connector', { code: CODE, connector });
    const server = await launchServer(environmentOf(folder));
    const world = new World(folder, application, server, await Prober.of(server));
    await world.mend();
    const { body } = await world.client('PUT', '/connectors', packed('uploaded', { code: CODE }), {
      'content-type': 'application/gzip',
    });
    world.#places.set('uploaded', body._id);
    return world;
  }

  /** The application that connections lead to. */
  get #baseURI(): string {
    return `http://127.0.0.1:${(this.#application.address() as AddressInfo).port}`;
  }

  /** What the server says of its API. */
  async description(): Promise<unknown> {
    return (await this.client('GET', '/openapi.json')).body;
  }

  #filled(text: string): string {
    return text.replace(/«(\w+)»/g, (whole, place) => this.#places.get(place as Place) ?? whole);
  }

  /** A request with the ids of this world. */
  filled({ target, headers, body, ...rest }: FuzzRequest): FuzzRequest {
    return {
      ...rest,
      target: this.#filled(target),
      headers: headers.map(([name, value]) => [name, this.#filled(value)]),
      body: body?.kind === 'text' ? { kind: 'text', text: this.#filled(body.text) } : body,
    };
  }

  /** As the administrator, all at once. */
  outside(requests: readonly FuzzRequest[]): Promise<FuzzReply[]> {
    return Promise.all(requests.map((request) => this.#sender.send(request, bytesOf(request.body))));
  }

  /** Out of a run; nothing for a request that never reached the API, and one reply for a run that had no answer. */
  async inside(requests: readonly FuzzRequest[]): Promise<(FuzzReply | undefined)[]> {
    const sent = requests.map(({ method, target, headers, body }) => ({
      method,
      target,
      headers: Object.fromEntries(headers),
      text: bytesOf(body)?.toString('latin1'),
    }));
    const path = `/integrations/${this.#places.get('integration')}/utilities/forward`;
    const reply = await this.client('PUT', path, { requests: sent });
    if (reply.status !== 200) return [reply];
    return reply.body.map(asReply);
  }

  /** Makes what is missing anew. */
  async mend(): Promise<void> {
    const { body: connectors } = await this.client('GET', '/connectors');
    const connector = connectors.find(({ name }: { name: string }) => name === 'fuzzed-connector');
    this.#places.set('connector', connector._id);
    const integrationId = await this.#there('integration', '/integrations', () =>
      this.client('POST', `/integrations/${connector._id}/install`, {}),
    );
    await this.#there('diy', '/integrations', () => this.client('POST', '/integrations', { name: 'diy' }));
    const record = { name: 'one', _integrationId: integrationId };
    for (const kind of ['connection', 'export', 'import', 'flow'] as const) {
      const http = { baseURI: this.#baseURI, auth: { type: 'token', token: { token: 'a-secret' } } };
      const body = kind === 'connection' ? { ...record, http } : record;
      await this.#there(kind, `/${kind}s`, () => this.client('POST', `/${kind}s`, body));
    }
    const { headers } = await this.client('GET', `/exports/${this.#places.get('export')}`);
    this.#places.set('etag', headers.get('etag') ?? '"none"');
    await this.client('PUT', `/integrations/${integrationId}/settings/echo`, {});
    const { body: runs } = await this.client('GET', `/integrations/${integrationId}/runs`);
    this.#places.set('run', runs.at(-1)?._id ?? 'none');
  }

  async #there(place: Place, list: string, make: () => ReturnType<Client>): Promise<string> {
    const known = this.#places.get(place);
    if (known !== undefined && (await this.client('GET', `${list}/${known}`)).status === 200) return known;
    const { status, body, text } = await make();
    if (status >= 300) throw new Error(`the ${place} could not be made: ${status} ${text}`);
    this.#places.set(place, body._id);
    return body._id;
  }

  /** Removes what requests have made, or lists would become long. */
  async sweep(): Promise<void> {
    const own = [this.#places.get('integration'), this.#places.get('diy')];
    const { body } = await this.client('GET', '/integrations?include=name');
    for (const { _id } of body) if (!own.includes(_id)) await this.client('DELETE', `/integrations/${_id}?force=true`);
  }

  /** Ends the server, and its part of the world. @returns the exit code */
  async close(): Promise<number | null> {
    this.prober.close();
    this.#sender.close();
    await this.#closeClient();
    const { code } = await this.server.stop('SIGTERM');
    this.#application.close();
    return code;
  }

  get folder(): string {
    return this.#folder;
  }
}

export const environmentOf = (folder: string): Record<string, string> => ({
  BULKHEAD_TOKEN: TOKEN,
  BULKHEAD_DATA: join(folder, 'data'),
  BULKHEAD_CONNECTORS: join(folder, 'connectors'),
  BULKHEAD_LOG: 'error',
  BULKHEAD_ALLOW_PRIVATE_NETWORK: '127.0.0.1',
});

interface Forwarded {
  readonly refused?: string;
  readonly status: number;
  readonly headers: [string, string][];
  readonly text: string;
  readonly isCut: boolean;
}

function asReply({ refused, status, headers, text, isCut }: Forwarded): FuzzReply | undefined {
  if (refused !== undefined) return undefined;
  return { status, headers: new Headers(headers), text, isCut };
}
