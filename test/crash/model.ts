/** What a client knows of its integrations: what was acknowledged, and the one request it has no answer to. */
import type { Client, Reply } from '../support/client.ts';

/** What of an integration is compared. Every write puts a number that no other has put. */
export interface State {
  readonly name: string;
  readonly city: string;
  readonly description: string | null;
  readonly note: number | null;
  /** `name` of each connection, sorted. */
  readonly connections: readonly string[];
}

/** One request, what it makes of the state, and what says that it was done. */
export interface Step {
  readonly name: string;
  readonly send: (client: Client) => Promise<Reply>;
  /** Undefined: the integration goes. */
  readonly apply: (state: State) => State | undefined;
}

/** Records that one run makes: all of them are there or none. */
export const GROUP = 5;

export const CODE = `exports.installer = { async begin({ _integrationId, number }) {
  await fetch('/v1/integrations/' + _integrationId, { method: 'PUT', body: JSON.stringify({ description: 'begun' }) });
  for (let i = 0; i < ${GROUP}; i++) {
    await fetch('/v1/connections', { method: 'POST', body: JSON.stringify({ name: 'begun ' + i }) });
  }
} };
exports.utilities = { async group({ _integrationId, number }) {
  for (let i = 0; i < ${GROUP}; i++) {
    await fetch('/v1/connections', { method: 'POST', body: JSON.stringify({ name: number + ' ' + i }) });
  }
  await fetch('/v1/integrations/' + _integrationId, { method: 'PUT', body: JSON.stringify({ description: String(number) }) });
} };
exports.uninstaller = { end: () => ({ success: true }) };`;

export const CONNECTOR = {
  _id: 'c'.repeat(24),
  installerFunction: 'begin',
  uninstallerFunction: 'end',
  settings: { sections: [{ fields: [{ name: 'city', type: 'input', value: '' }] }] },
};

const grouped = (mark: string | number): string[] => Array.from({ length: GROUP }, (_, i) => `${mark} ${i}`);

/** An integration as its install leaves it. */
export const installedState = (name: string): State => ({
  name,
  city: '',
  description: 'begun',
  note: null,
  connections: grouped('begun'),
});

export const install = (client: Client, name: string): Promise<Reply> =>
  client('POST', `/integrations/${CONNECTOR._id}/install`, { name });

/** What can be done to an integration. */
export function steps(id: string, number: number): Step[] {
  const path = `/integrations/${id}`;
  return [
    {
      name: 'settings',
      send: (client) => client('PUT', `${path}/settings/persistSettings`, { pending: { city: `${number}` } }),
      apply: (state) => ({ ...state, city: `${number}` }),
    },
    {
      name: 'name',
      send: (client) => client('PUT', path, { name: `n${number}` }),
      apply: (state) => ({ ...state, name: `n${number}` }),
    },
    {
      name: 'state',
      send: (client) => client('PUT', `${path}/state/note`, `${number}`),
      apply: (state) => ({ ...state, note: number }),
    },
    {
      name: 'record',
      send: (client) => client('POST', '/connections', { name: `${number}`, _integrationId: id }),
      apply: (state) => ({ ...state, connections: [...state.connections, `${number}`].sort() }),
    },
    {
      name: 'run',
      send: (client) => client('PUT', `${path}/utilities/group`, { number }),
      apply: (state) => ({
        ...state,
        description: `${number}`,
        connections: [...state.connections, ...grouped(number)].sort(),
      }),
    },
    {
      name: 'uninstall',
      send: (client) => client('DELETE', `${path}/install`),
      apply: () => undefined,
    },
  ];
}

/** An integration as the server shows it. */
export async function stateOf(client: Client, id: string): Promise<State | undefined> {
  const { status, body } = await client('GET', `/integrations/${id}`);
  if (status === 404) return undefined;
  const [connections, note] = [
    await client('GET', `/connections?_integrationId=${id}`),
    await client('GET', `/integrations/${id}/state/note`),
  ];
  if ([status, connections.status, note.status].includes(503)) throw new Error('the store cannot be read');
  return {
    name: body.name,
    city: body.settings.sections[0].fields[0].value,
    description: body.description ?? null,
    note: note.status === 404 ? null : note.body,
    connections: connections.body.map(({ name }: { name: string }) => name).sort(),
  };
}
