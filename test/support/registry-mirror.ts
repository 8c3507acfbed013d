/** The example registry-mirror, for an example application that listens on any port. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from './client.ts';
import type { BundleText } from './folders.ts';
import { root } from './markdown.ts';

const PRINTED = 'http://127.0.0.1:3900';

export async function mirrorBundle(applicationUrl: string): Promise<BundleText> {
  const folder = join(root, 'connectors/registry-mirror');
  const text = (await readFile(join(folder, 'package.json'), 'utf8')).replaceAll(PRINTED, applicationUrl);
  const { connector, ...manifest } = JSON.parse(text);
  return { manifest, connector, code: await readFile(join(folder, 'index.js'), 'utf8') };
}

/** Takes the steps of an integration as a user does. @param before called before the credentials of a step are entered */
export async function setUpMirror(
  client: Client,
  integrationId: string,
  serverUrl: string,
  before: (step: string) => Promise<void> = async () => {},
): Promise<void> {
  const { install } = (await client('GET', `/integrations/${integrationId}`)).body;
  for (const { _connectionId, installerFunction } of install) {
    if (_connectionId !== undefined) {
      await before(installerFunction);
      const patch = [{ op: 'add', path: '/http/auth/basic', value: { username: 'demo', password: 'demo' } }];
      await client('PATCH', `/connections/${_connectionId}`, patch);
    }
    const path = `/integrations/${integrationId}/installer/${installerFunction}`;
    const { status, text } = await client('PUT', path, { address: serverUrl });
    if (status !== 200) throw new Error(`${installerFunction}: ${status} ${text}`);
  }
}
