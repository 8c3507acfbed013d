/** The application that the packages talk to. It keeps what it was asked. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

export interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Application {
  readonly url: string;
  /** An address at which nobody listens. */
  readonly closed: string;
  /** What came since the last time, in order. */
  take(): Request[];
  close(): void;
}

const SLOW_MS = 3_000;
/** Sent by a client by itself, and different for each. */
const COMPARED =
  /^(?:authorization|content-type|cookie|x-(?!stainless|stripe-client|fern-runtime-version|goog-api-client).*)$/;

const wsdl = (
  url: string,
): string => `<definitions name="S" targetNamespace="urn:s" xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:s"
  xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
  <message name="In"><part name="a" type="xsd:int"/><part name="b" type="xsd:int"/></message>
  <message name="Out"><part name="sum" type="xsd:int"/></message>
  <portType name="P"><operation name="Add"><input message="t:In"/><output message="t:Out"/></operation></portType>
  <binding name="B" type="t:P"><soap:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="Add"><soap:operation soapAction="urn:s#Add"/>
      <input><soap:body use="literal" namespace="urn:s"/></input><output><soap:body use="literal" namespace="urn:s"/></output>
    </operation></binding>
  <service name="Service"><port name="Port" binding="t:B"><soap:address location="${url}/service"/></port></service>
</definitions>`;

const SUM = `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>
  <t:AddResponse xmlns:t="urn:s"><sum>3</sum></t:AddResponse></soap:Body></soap:Envelope>`;

/** JSON by method and the beginning of the path. */
const replies: readonly (readonly [start: string, reply: unknown])[] = [
  ['POST /v1/customers', { id: 'cus_1', object: 'customer' }],
  ['GET /v1/charges', { object: 'list', data: [{ id: 'ch_1' }, { id: 'ch_2' }], has_more: false }],
  ['POST /slack/chat.postMessage', { ok: true, ts: '1.2' }],
  ['GET /v2/locations', { locations: [{ id: 'L1' }] }],
  [
    'GET /crm/',
    { results: [{ id: '7', properties: {}, createdAt: '2020-01-01T00:00:00Z', updatedAt: '2020-01-01T00:00:00Z' }] },
  ],
  ['POST /github/repos/o/r/issues', { number: 5 }],
  [
    'GET /services/data/v60.0/query',
    { totalSize: 1, done: true, records: [{ Id: '001', attributes: { type: 'Account' } }] },
  ],
  ['POST /services/data/v60.0/sobjects/Account', { id: '001', success: true, errors: [] }],
  ['POST /token', { access_token: 'at', token_type: 'Bearer', expires_in: 3600 }],
  ['POST /openai/chat/completions', { choices: [{ message: { role: 'assistant', content: 'hello' } }] }],
  ['GET /v1/users/u1', { id: 'u1', object: 'user' }],
  ['GET /v0/app1/Table', { records: [{ id: 'r1', fields: { a: 1 } }] }],
  ['POST /categories/get', { categories: [{ category_id: '1' }] }],
  ['POST /v3/mail/send', {}],
  ['POST /v3/a.test/messages', { id: '<1@a.test>', message: 'Queued' }],
  ['POST /graphql', { data: { item: { __typename: 'Item', id: '1' } } }],
];

function reply(request: Request, response: ServerResponse, url: string, count: number): void {
  const { pathname } = new URL(request.url, url);
  const json = (value: unknown, status = 200): void => {
    response.writeHead(status, { 'content-type': 'application/json', 'x-reply': 'ä'.normalize('NFD').slice(0, 1) });
    response.end(JSON.stringify(value));
  };
  const xml = (text: string): void => {
    response.writeHead(200, { 'content-type': 'text/xml' });
    response.end(text);
  };
  const [, status] = /^\/status\/(\d+)$/.exec(pathname) ?? [];
  if (status !== undefined) return json({ status: Number(status) }, Number(status));
  if (pathname === '/redirect') return void response.writeHead(302, { location: `${url}/echo?redirected=1` }).end();
  if (pathname === '/flaky') return json({ count }, count < 3 ? 503 : 200);
  if (pathname === '/slow') return void setTimeout(() => json({}), SLOW_MS).unref();
  if (pathname === '/service') return xml(request.method === 'GET' ? wsdl(url) : SUM);
  if (pathname === '/gzip') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
    return void response.end(gzipSync('{"packed":true}'));
  }
  if (pathname === '/echo') return json({ ...request, headers: undefined });
  const [, found] = replies.find(([start]) => `${request.method} ${pathname}`.startsWith(start)) ?? [];
  json(found ?? { error: { message: 'missing', type: 'invalid_request_error' } }, found === undefined ? 404 : 200);
}

/** Boundaries of forms are random. */
const withoutBoundary = (text: string, type: string): string => {
  const [, boundary] = /boundary="?([^";]+)/.exec(type) ?? [];
  return boundary === undefined ? text : text.replaceAll(boundary, 'BOUNDARY');
};

async function read(request: IncomingMessage): Promise<Request> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const type = request.headers['content-type'] ?? '';
  const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
    COMPARED.test(name) ? [[name, withoutBoundary(String(value), type)]] : [],
  );
  return {
    method: request.method ?? '',
    url: request.url ?? '',
    headers: Object.fromEntries(headers.sort(([a], [b]) => (a < b ? -1 : 1))),
    body: withoutBoundary(Buffer.concat(pieces).toString(), type),
  };
}

export async function startApplication(): Promise<Application> {
  let requests: Request[] = [];
  let url = '';
  const server = createServer(async (incoming, response) => {
    const request = await read(incoming);
    requests.push(request);
    reply(request, response, url, requests.length);
  });
  const spare = createServer();
  for (const each of [server, spare]) await once(each.listen(0, '127.0.0.1'), 'listening');
  const addressOf = (of: typeof server): string => `http://127.0.0.1:${(of.address() as AddressInfo).port}`;
  url = addressOf(server);
  const closed = addressOf(spare);
  spare.close();
  await once(spare, 'close');
  return {
    url,
    closed,
    take() {
      const taken = requests;
      requests = [];
      return taken;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
