// A connector that works with records. Each store is a registry whose packages are mirrored to another
// one: two connections and, for each kind of data, an export, an import and a flow. What a run has made
// when it fails is not stored, so that nothing here cleans up after itself.

import { progress } from 'bulkhead';

/** What is mirrored; 1.0.0 knew the first alone. */
const KINDS = ['releases', 'tags'];

// --- the runtime's own API ------------------------------------------------------------------------

/** The run's token is added by the runtime; a reply that is no success becomes an error. */
async function api(path, method = 'GET', body = undefined) {
  const response = await fetch(`/v1${path}`, { method, body: body && JSON.stringify(body) });
  if (response.status === 204) return undefined;
  const reply = await response.json();
  if (response.ok) return reply;
  const [{ code, message }] = reply.errors;
  throw Object.assign(new Error(message), { code });
}

const readIntegration = (id) => api(`/integrations/${id}`);
/** Fields that are left out survive. */
const writeIntegration = (id, changes) => api(`/integrations/${id}`, 'PUT', changes);
const create = (kind, record) => api(`/${kind}`, 'POST', record);

// What the connector knows of its stores and nobody else needs: {id, name, source, target, flows}.
const readStores = async (id) =>
  (await api(`/integrations/${id}/state`)).keys.includes('stores') ? api(`/integrations/${id}/state/stores`) : [];

async function writeStores(id, stores) {
  await fetch(`/v1/integrations/${id}/state/stores`, { method: 'PUT', body: JSON.stringify(stores) });
}

// --- the registries -------------------------------------------------------------------------------

class MirrorError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** Asks a registry. The runtime fills in the connection's credentials: they are never seen here. */
async function ask(connectionId, relativeURI) {
  const headers = { 'Integrator-Method': 'GET', 'Integrator-Relative-URI': relativeURI };
  const response = await fetch(`/v1/connections/${connectionId}/proxy`, { method: 'POST', headers });
  if (response.ok) return response.json();
  throw new MirrorError('registry_unavailable', `The registry does not answer ${relativeURI} (${response.status}).`);
}

/** The packages of a registry, as the options of a field. */
async function packageOptions(connectionId) {
  const { objects } = await ask(connectionId, '/-/v1/search?text=&size=250');
  return objects.map(({ package: { name } }) => [name, name]);
}

// --- stores ---------------------------------------------------------------------------------------

async function createStore(integrationId, { name, registry }) {
  const connection = (role) =>
    create('connections', {
      name: `${name}, ${role}`,
      type: 'http',
      http: { baseURI: registry, ping: { relativeURI: '/-/ping' } },
    });
  progress(0.1, `Connecting ${name}`);
  const [source, target] = [await connection('source'), await connection('target')];
  await ask(source._id, '/-/ping');
  const store = { id: source._id, name, source: source._id, target: target._id, flows: {} };
  await addFlows(store);
  await writeStores(integrationId, [...(await readStores(integrationId)), store]);
  return store;
}

/** An export, an import and a flow for each kind that a store does not have yet, in this order. */
async function addFlows(store) {
  const missing = KINDS.filter((kind) => !Object.hasOwn(store.flows, kind));
  for (const [index, kind] of missing.entries()) {
    progress(0.2 + (0.7 * index) / missing.length, `Creating the flow of ${kind}`);
    const records = { name: `${store.name}, ${kind}`, type: 'http' };
    const { _id: _exportId } = await create('exports', { ...records, _connectionId: store.source });
    // What is built on a registry that has gone in the meantime is worth nothing.
    await ask(store.target, '/-/ping');
    const { _id: _importId } = await create('imports', { ...records, _connectionId: store.target });
    const flow = await create('flows', { ...records, _exportId, _importId, disabled: true });
    store.flows[kind] = { flow: flow._id, export: _exportId, import: _importId };
  }
}

const stepsOf = ({ name, source, target }) => [
  {
    name: `Source of ${name}`,
    description: 'Where packages are taken from.',
    installerFunction: 'verifySource',
    _connectionId: source,
    completed: false,
  },
  {
    name: `Target of ${name}`,
    description: 'Where packages are put.',
    installerFunction: 'verifyTarget',
    _connectionId: target,
    completed: false,
  },
  {
    name: `Packages of ${name}`,
    description: 'Reads what there is to choose from.',
    installerFunction: 'readPackages',
    completed: false,
  },
];

const flowSettings = (kind) => ({
  name: `${kind}Every`,
  label: `Mirror ${kind} every`,
  type: 'select',
  required: true,
  value: 'hour',
  options: [
    ['hour', 'hour'],
    ['day', 'day'],
  ],
});

const sectionOf = ({ id, name, flows }, options = []) => ({
  id,
  title: name,
  sections: [
    {
      title: 'Packages',
      fields: [
        { name: 'packages', label: 'Packages', type: 'multiselect', supportsRefresh: true, value: [], options },
        { name: 'since', label: 'Published since', type: 'date', value: '', help: 'Empty for everything.' },
      ],
    },
    {
      title: 'Flows',
      flows: Object.entries(flows).map(([kind, { flow }]) => ({
        _id: flow,
        name: `Mirror ${kind}`,
        settings: [flowSettings(kind)],
      })),
    },
  ],
});

const packagesField = (section) => section.sections[0].fields.find(({ name }) => name === 'packages');

/** The store whose steps are being taken: the last one. */
const newestStore = async (integrationId) => (await readStores(integrationId)).at(-1);

async function verify(connectionId, step) {
  const { username } = await ask(connectionId, '/-/whoami');
  if (!username) {
    throw new MirrorError('invalid_credentials', 'The registry does not know this user: check name and password.');
  }
  return { success: true, stepsToUpdate: [{ name: step, description: `Signed in as ${username}.` }] };
}

async function refreshPackages(integrationId, store) {
  const { settings } = await readIntegration(integrationId);
  const section = settings.sections.find(({ id }) => id === store.id);
  const field = packagesField(section);
  field.options = await packageOptions(store.source);
  await writeIntegration(integrationId, { settings });
  return field.options;
}

export const installer = {
  /** Called once, before the first step. */
  async installConnector({ _integrationId, opts }) {
    const store = await createStore(_integrationId, { name: 'Main registry', registry: opts.registry });
    const settings = { supportsMultiStore: true, storeLabel: 'Registry', sections: [sectionOf(store)] };
    await writeIntegration(_integrationId, { install: stepsOf(store), settings });
    return { success: true };
  },

  async verifySource({ _integrationId }) {
    const { source, name } = await newestStore(_integrationId);
    return verify(source, `Source of ${name}`);
  },

  async verifyTarget({ _integrationId }) {
    const { target, name } = await newestStore(_integrationId);
    return verify(target, `Target of ${name}`);
  },

  async readPackages({ _integrationId }) {
    await refreshPackages(_integrationId, await newestStore(_integrationId));
    return { success: true };
  },

  /** A further registry: its records, its section of the settings, and its steps, which are taken like the first ones. */
  async addNewStore({ _integrationId, name, opts }) {
    if (typeof name !== 'string' || name.trim() === '')
      throw new MirrorError('invalid_name', 'A registry needs a name.');
    const { install, mode } = await readIntegration(_integrationId);
    if (mode === 'install') throw new MirrorError('not_finished', 'Finish the registry that is being set up first.');
    const store = await createStore(_integrationId, { name, registry: opts.registry });
    const { settings } = await readIntegration(_integrationId);
    settings.sections.push(sectionOf(store));
    await writeIntegration(_integrationId, { mode: 'install', install: [...install, ...stepsOf(store)], settings });
    return { success: true, steps: stepsOf(store) };
  },

  /** What a version adds is added to every store; what the user has entered stays. */
  async updateConnector({ _integrationId }) {
    const stores = await readStores(_integrationId);
    const { settings } = await readIntegration(_integrationId);
    for (const store of stores) {
      await addFlows(store);
      const section = settings.sections.find(({ id }) => id === store.id);
      const [, flows] = section.sections;
      const known = new Map(flows.flows.map((flow) => [flow._id, flow]));
      flows.flows = sectionOf(store).sections[1].flows.map((flow) => known.get(flow._id) ?? flow);
    }
    await writeStores(_integrationId, stores);
    await writeIntegration(_integrationId, { settings });
    return { success: true };
  },
};

export const settings = {
  /** Asked for by a field with `supportsRefresh`: its options as they are now. */
  async refreshMetadata({ _integrationId, fieldName, storeId }) {
    const store = (await readStores(_integrationId)).find(({ id }) => id === storeId);
    if (!store || fieldName !== 'packages')
      throw new MirrorError('invalid_field', `${fieldName} has nothing to refresh.`);
    return { fieldName, options: await refreshPackages(_integrationId, store) };
  },
};

export const uninstaller = {
  preUninstall: () => [
    { name: 'Stop the flows', uninstallerFunction: 'disableFlows', completed: false },
    { name: 'Remove the records', uninstallerFunction: 'removeRecords', completed: false },
  ],

  async disableFlows({ _integrationId }) {
    for (const { flows } of await readStores(_integrationId)) {
      for (const { flow } of Object.values(flows)) {
        await api(`/flows/${flow}`, 'PATCH', [{ op: 'replace', path: '/disabled', value: true }]);
      }
    }
    return { success: true };
  },

  /** What refers to others goes before them. */
  async removeRecords({ _integrationId }) {
    for (const { source, target, flows } of await readStores(_integrationId)) {
      for (const records of Object.values(flows)) {
        await api(`/flows/${records.flow}`, 'DELETE');
        await api(`/imports/${records.import}`, 'DELETE');
        await api(`/exports/${records.export}`, 'DELETE');
      }
      for (const connection of [source, target]) await api(`/connections/${connection}`, 'DELETE');
    }
    await writeStores(_integrationId, []);
    return { success: true };
  },

  /** Called last; with it goes the integration. */
  async uninstallConnector({ _integrationId }) {
    const { uninstall = [] } = await readIntegration(_integrationId);
    const open = uninstall.find(({ completed }) => !completed);
    if (open) throw new MirrorError('not_finished', `Still to do: ${open.name}`);
    return { success: true };
  },
};
