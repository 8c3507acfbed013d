/** Requests to the server's own API, with the run's token. If the run fails, nothing it wrote is stored. */
import type { JsonObject } from 'bulkhead/sdk';

interface Refusal {
  readonly errors: readonly { readonly code: string; readonly message: string }[];
}

/** @throws Error with the server's code */
async function request<Reply>(method: string, path: string, body?: object): Promise<Reply> {
  const response = await fetch(`/v1${path}`, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
  if (response.status === 204) return undefined as Reply;
  const reply: unknown = await response.json();
  if (response.ok) return reply as Reply;
  const [{ code, message } = { code: 'refused', message: `${method} ${path} was refused.` }] = (reply as Refusal)
    .errors;
  throw Object.assign(new Error(message), { code });
}

/** Creates a record that belongs to the integration. @returns its id */
export async function create(
  kind: 'connections' | 'exports' | 'imports' | 'flows',
  record: JsonObject & { readonly name: string },
): Promise<string> {
  const { _id } = await request<{ _id: string }>('POST', `/${kind}`, record);
  return _id;
}

/** Changes one field of a record. */
export function change(
  kind: 'connections' | 'exports' | 'imports' | 'flows',
  id: string,
  field: string,
  value: string | boolean,
): Promise<void> {
  return request('PATCH', `/${kind}/${id}`, [{ op: 'replace', path: `/${field}`, value }]);
}

/** The ids of the integration's flows. */
export async function flowsOf(integrationId: string): Promise<string[]> {
  const { flows } = await request<{ flows: { id: string }[] }>('GET', `/integrations/${integrationId}/dependencies`);
  return flows.map(({ id }) => id);
}

/** The connection whose credentials the user enters in a step. */
export async function connectionOf(integrationId: string, installerFunction: string): Promise<string> {
  const { install } = await request<{ install: { installerFunction?: string; _connectionId?: string }[] }>(
    'GET',
    `/integrations/${integrationId}`,
  );
  const step = install.find((each) => each.installerFunction === installerFunction);
  if (step?._connectionId === undefined) throw new Error(`The step ${installerFunction} has no connection.`);
  return step._connectionId;
}

/** Sends a request to the application behind a connection. The server adds the credentials. */
export async function ask(connectionId: string, relativeURI: string): Promise<Response> {
  const headers = { 'Integrator-Method': 'GET', 'Integrator-Relative-URI': relativeURI };
  return fetch(`/v1/connections/${connectionId}/proxy`, { method: 'POST', headers });
}
