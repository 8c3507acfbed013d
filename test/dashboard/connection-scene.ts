/** What the tests of connections talk to: a connector that syncs orders, and an application that remembers requests. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Locator, Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import type { Dashboard } from '../support/dashboard.ts';
import type { BundleText } from '../support/folders.ts';

/** Has a step with a connection that signs in with OAuth 2, and one that reads the orders. @param origin of the shop */
export const orderSync = (origin: string): BundleText => ({
  connector: {
    title: 'Order sync',
    installerFunction: 'install',
    opts: { origin },
    permissions: { fetch: [origin] },
  },
  code: `
    const api = async (path, method = 'GET', body, headers) => {
      const response = await fetch('/v1' + path, { method, headers, body: body && JSON.stringify(body) });
      const reply = await response.json();
      if (!response.ok) throw Object.assign(new Error(reply.errors ? reply.errors[0].message : 'status ' + response.status), { code: 'shop_failed' });
      return reply;
    };
    const orders = async (id) => {
      const [{ _id }] = await api('/connections?_integrationId=' + id);
      return api('/connections/' + _id + '/proxy', 'POST', undefined, { 'Integrator-Relative-URI': '/orders' });
    };
    exports.installer = {
      async install({ _integrationId, opts }) {
        const { _id } = await api('/connections', 'POST', {
          name: 'Shop',
          type: 'http',
          http: { baseURI: opts.origin + '/api', auth: { type: 'oauth', oauth: { grantType: 'authorizecode', scope: ['orders'] } }, ping: { relativeURI: '/me' } },
        });
        await api('/integrations/' + _integrationId, 'PUT', {
          install: [
            { name: 'Connect the shop', _connectionId: _id, installerFunction: 'verify', completed: false },
            { name: 'Read the orders', installerFunction: 'sync', completed: false },
          ],
        });
        return { success: true };
      },
      async verify({ _integrationId }) { await orders(_integrationId); return { success: true }; },
      async sync({ _integrationId }) { await orders(_integrationId); return { success: true }; },
    };
    exports.utilities = { sync: ({ _integrationId }) => orders(_integrationId) };
  `,
});

/** Has steps with connections whose values the connector has named. @param origin of the shop */
export const keySteps = (origin: string): BundleText => ({
  connector: { title: 'Key steps', installerFunction: 'install', opts: { origin } },
  code: `
    const api = async (path, method, body) => (await fetch('/v1' + path, { method, body: JSON.stringify(body) })).json();
    exports.installer = {
      async install({ _integrationId, opts }) {
        const key = { id: 'shopKey', label: 'Key of the shop', required: true };
        const http = {
          baseURI: opts.origin,
          auth: { type: 'custom' },
          headers: [{ name: 'X-Shop', value: '{{connection.http.encrypted.shopKey}}' }],
          encryptedFields: [key],
        };
        const wrapper = {
          unencrypted: { port: 8080 },
          unencryptedFields: [{ id: 'host', label: 'Host', position: 2 }, { id: 'port', label: 'Port', position: 1 }],
          encryptedFields: [key],
        };
        const { _id: keyed } = await api('/connections', 'POST', { name: 'Keyed', type: 'http', http });
        const { _id: wrapped } = await api('/connections', 'POST', { name: 'Wrapped', type: 'wrapper', wrapper });
        const step = (name, _connectionId) => ({ name, _connectionId, installerFunction: 'verify' + name, completed: false });
        await api('/integrations/' + _integrationId, 'PUT', { install: [step('Keyed', keyed), step('Wrapped', wrapped)] });
        return { success: true };
      },
      verifyKeyed: () => ({ success: true }),
      verifyWrapped: () => ({ success: true }),
    };
  `,
});

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface Application {
  readonly url: string;
  readonly received: Received[];
  /** Replaces its answer. */
  answer: (request: Received) => { readonly status: number; readonly text: string; readonly type?: string };
}

/** By default it repeats what it was sent. */
export async function startApplication(): Promise<Application> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray();
    const { method = '', url = '', headers } = request;
    const each = { method, url, headers, body: Buffer.concat(chunks).toString() };
    received.push(each);
    const { status, text, type = 'application/json' } = application.answer(each);
    response.writeHead(status, { 'content-type': type }).end(text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close().closeAllConnections());
  const application: Application = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answer: ({ url, headers }) => ({ status: 200, text: JSON.stringify({ hello: 'application', url, headers }) }),
  };
  return application;
}

export const press = (page: Page, name: string | RegExp): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click();

/** Fills fields by their labels. */
export async function fill(scope: Page | Locator, values: Readonly<Record<string, string>>): Promise<void> {
  for (const [label, value] of Object.entries(values)) {
    const field = scope.getByLabel(label, { exact: true });
    const isSelect = await field.evaluate(({ tagName }: { readonly tagName: string }) => tagName === 'SELECT');
    await (isSelect ? field.selectOption({ label: value }) : field.fill(value));
  }
}

/** An integration without a connector, opened at its records. */
export interface Scene {
  readonly dashboard: Dashboard;
  readonly page: Page;
  readonly integrationId: string;
  readonly application: Application;
}

export async function openRecords(dashboard: Dashboard): Promise<Scene> {
  const application = await startApplication();
  const { body } = await dashboard.client('POST', '/integrations', { name: 'By hand' });
  const page = await dashboard.open(`#/integrations/${body._id}/records`);
  onTestFinished(() => page.context().close());
  return { dashboard, page, integrationId: body._id, application };
}

export async function add({ dashboard, integrationId }: Scene, record: object): Promise<string> {
  const reply = await dashboard.client('POST', '/connections', { _integrationId: integrationId, ...record });
  expect(reply.status, reply.text).toBe(201);
  return reply.body._id;
}
export const connectionsOf = async ({ dashboard, integrationId }: Pick<Scene, 'dashboard' | 'integrationId'>) =>
  (await dashboard.client('GET', `/connections?_integrationId=${integrationId}`)).body;
