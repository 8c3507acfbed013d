/** The dashboard as users see it: a server, a browser, and the address that the server prints. */
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect, vi } from 'vitest';
import { launchBrowser } from './browser.ts';
import { type Client, createClient } from './client.ts';
import { type BundleText, writeBundle } from './folders.ts';
import { launchServer, type Server } from './server.ts';

const shipped = fileURLToPath(new URL('../../connectors', import.meta.url));
/** Git ignores it. */
const pictures = fileURLToPath(new URL('../dashboard/screenshots', import.meta.url));
/** Generous: it takes time only if something is wrong. */
const TIMEOUT_MS = 30_000;

export interface Dashboard {
  readonly server: Server;
  readonly connectors: string;
  /** What the server printed, with the token. */
  readonly address: string;
  readonly client: Client;
  /** A page of a fresh browser. Its errors are collected in `faults`. */
  open(path?: string, options?: BrowserContextOptions): Promise<Page>;
  readonly faults: string[];
  /** Waits until a written bundle serves. */
  settle(name: string, version: string): Promise<void>;
  /** Ends the server with SIGKILL, and restarts it on the same port. */
  restart(whileDown?: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export interface DashboardOptions {
  /** Connectors that come with the product. */
  readonly shipped?: readonly string[];
  readonly bundles?: Readonly<Record<string, BundleText>>;
  readonly environment?: Readonly<Record<string, string>>;
}

/** The caller has to close it. */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-dashboard-'));
  const [connectors, data] = [join(folder, 'connectors'), join(folder, 'data')];
  for (const name of [connectors, data]) await mkdir(name);
  for (const name of options.shipped ?? []) await cp(join(shipped, name), join(connectors, name), { recursive: true });
  for (const [name, bundle] of Object.entries(options.bundles ?? {})) await writeBundle(connectors, name, bundle);
  const environment = {
    BULKHEAD_DATA: data,
    BULKHEAD_CONNECTORS: connectors,
    BULKHEAD_LOG: 'error',
    ...options.environment,
  };
  let server = await launchServer(environment);
  const address = await printedAddress(server);
  const token = decodeURIComponent(address.split('#token=')[1] ?? '');
  const client = createClient(server.url, token);
  await settleBundles(client);
  const faults: string[] = [];
  let browser: Promise<Browser> | undefined;
  return {
    get server() {
      return server;
    },
    connectors,
    address,
    client,
    faults,
    settle: (name, version) => settleBundles(client, { name, version }),
    async open(path, contextOptions = {}) {
      browser ??= launchBrowser();
      const context = await (await browser).newContext({ locale: 'en-GB', ...contextOptions });
      const page = await context.newPage();
      page.setDefaultTimeout(TIMEOUT_MS);
      page.on('pageerror', (error) => faults.push(`${error.message}\n${error.stack}`));
      page.on('console', (message) => {
        // The browser itself logs refused and failed requests.
        const isReply = message.text().startsWith('Failed to load resource');
        if (message.type() === 'error' && !isReply) faults.push(message.text());
      });
      await page.goto(address);
      if (path !== undefined) await goTo(page, path);
      return page;
    },
    async restart(whileDown = async () => {}) {
      const { port } = new URL(server.url);
      await server.stop('SIGKILL');
      await whileDown();
      server = await launchServer({ ...environment, BULKHEAD_PORT: port });
      await settleBundles(client);
    },
    async close() {
      await (await browser)?.close();
      await server.stop('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** @param wanted the bundle and version that has to serve */
function settleBundles(client: Client, wanted?: { readonly name: string; readonly version: string }): Promise<void> {
  interface Row {
    readonly name: string;
    readonly version?: string;
    readonly errors?: readonly { readonly code: string }[];
  }
  return vi.waitFor(
    async () => {
      const rows: readonly Row[] = (await client('GET', '/connectors')).body;
      // A check that was refused as overloaded is repeated.
      expect(rows.flatMap(({ errors = [] }) => errors).filter(({ code }) => code === 'overloaded')).toEqual([]);
      if (wanted) expect(rows).toContainEqual(expect.objectContaining(wanted));
    },
    { timeout: 60_000, interval: 100 },
  );
}

async function printedAddress(server: Server): Promise<string> {
  for (;;) {
    const found = /^Dashboard: (\S+)$/m.exec(server.stdout())?.[1];
    if (found) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Goes to another page of the dashboard, like its links. */
export async function goTo(page: Page, path: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(path)}`);
}

/** Saves a screenshot for people. */
export async function picture(page: Page, name: string): Promise<void> {
  await mkdir(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}
