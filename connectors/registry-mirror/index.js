// A connector whose flows run. Each store is a registry whose packages are mirrored to another one: two
// connections and, for each kind of data, an export, an import and a flow. What a run has made when it fails
// is not stored, so that nothing here cleans up after itself. `bulkhead example-app` is both registries.

import { progress } from 'bulkhead';

/** What is mirrored; 1.0.0 knew the first alone. Announcements are releases, which the registry tells at once. */
const KINDS = ['releases', 'tags', 'announcements'];

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

/** Sends a request to a registry. The runtime fills in the connection's credentials: they are never seen here. */
async function send(connectionId, method, relativeURI, body = undefined) {
  const headers = { 'Integrator-Method': method, 'Integrator-Relative-URI': relativeURI };
  if (body) headers['Content-Type'] = 'application/json';
  const path = `/v1/connections/${connectionId}/proxy`;
  return fetch(path, { method: 'POST', headers, body: body && JSON.stringify(body) });
}

/** The error for an answer that is no success. What the runtime itself answers says why nothing was sent. */
async function unavailable(what, response) {
  const { errors = [] } = response.headers.has('Bulkhead-Proxied') ? {} : await response.json();
  const reason = errors.length > 0 ? `: ${errors[0].message}` : '.';
  return new MirrorError('registry_unavailable', `The registry does not answer ${what} (${response.status})${reason}`);
}

async function ask(connectionId, relativeURI) {
  const response = await send(connectionId, 'GET', relativeURI);
  if (response.ok) return response.json();
  throw await unavailable(relativeURI, response);
}

/** The packages of a registry, as the options of a field. */
async function packageOptions(connectionId) {
  const { objects } = await ask(connectionId, '/-/v1/search?text=&size=250');
  return objects.map(({ package: { name } }) => [name, name]);
}

// --- what is mirrored -----------------------------------------------------------------------------

const PAGED = { response: { resourcePath: 'records' }, paging: { method: 'page' } };
const CHOSEN = { preSavePage: { function: 'chosenOnly' } };
const SIGNED = { verify: 'hmac', algorithm: 'sha256', encoding: 'hex', header: 'x-npm-signature' };

/** Releases since the last time, all tags, and what the registry announces. */
const EXPORTS = {
  releases: {
    adaptorType: 'HTTPExport',
    type: 'delta',
    http: {
      method: 'GET',
      relativeURI: '/releases?since={{lastExportDateTime}}&page={{export.http.paging.page}}',
      ...PAGED,
    },
    hooks: CHOSEN,
  },
  tags: {
    adaptorType: 'HTTPExport',
    http: { method: 'GET', relativeURI: '/tags?page={{export.http.paging.page}}', ...PAGED },
    hooks: CHOSEN,
  },
  announcements: {
    adaptorType: 'WebhookExport',
    type: 'webhook',
    webhook: SIGNED,
    hooks: { preSavePage: { function: 'announcedReleases' } },
  },
};

const field = (extract, generate, more = {}) => ({ extract, generate, ...more });
const releasesImport = {
  http: { method: 'POST', relativeURI: '/releases', response: { resourceIdPath: 'id' } },
  mapping: {
    fields: [
      field('name', 'package'),
      field('version', 'version'),
      field('description', 'description', { default: 'No description' }),
      field('publishedAt', 'published', { dataType: 'date', generateDateFormat: 'YYYY-MM-DD' }),
    ],
  },
  hooks: { postSubmit: { function: 'takeAsMirrored' } },
};
const tagsImport = {
  http: { method: 'POST', relativeURI: '/tags', response: { resourceIdPath: 'id' } },
  mapping: { fields: [field('name', 'package'), field('tag', 'tag'), field('version', 'version')] },
};
const IMPORTS = { releases: releasesImport, tags: tagsImport, announcements: releasesImport };

/** Each night. What is announced comes at once. */
const scheduleOf = (kind) => (kind === 'announcements' ? {} : { schedule: '? 15 3 ? * *', timezone: 'UTC' });

// --- stores ---------------------------------------------------------------------------------------

async function createStore(integrationId, name, opts) {
  const connection = (role) => {
    const http = { baseURI: opts[role], ping: { relativeURI: '/-/ping' }, auth: { type: 'basic' } };
    return create('connections', { name: `${name}, ${role}`, type: 'http', http });
  };
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
    const name = `${store.name}, ${kind}`;
    const source = kind === 'announcements' ? {} : { _connectionId: store.source };
    const { _id: _exportId } = await create('exports', { name, ...source, ...EXPORTS[kind] });
    // What is built on a registry that has gone in the meantime is worth nothing.
    await ask(store.target, '/-/ping');
    const target = { adaptorType: 'HTTPImport', _connectionId: store.target };
    const { _id: _importId } = await create('imports', { name, ...target, ...IMPORTS[kind] });
    const steps = { pageGenerators: [{ _exportId }], pageProcessors: [{ type: 'import', _importId }] };
    const flow = await create('flows', { name, ...steps, ...scheduleOf(kind), disabled: true });
    store.flows[kind] = { flow: flow._id, export: _exportId, import: _importId };
  }
}

/** Of the form of the last step. */
const address = { name: 'address', label: 'Address of this server', type: 'input', value: 'http://127.0.0.1:3000' };

const stepsOf = ({ name, source, target }) =>
  [
    ['Source of', 'Where packages are taken from.', 'verifySource', { _connectionId: source }],
    ['Target of', 'Where packages are put.', 'verifyTarget', { _connectionId: target }],
    ['Packages of', 'Reads what there is to choose from.', 'readPackages'],
    ['Start', 'Each night, and when the registry announces a release.', 'startMirror', { form: { fields: [address] } }],
  ].map(([title, description, installerFunction, more]) => {
    return { name: `${title} ${name}`, description, installerFunction, completed: false, ...more };
  });

const flowSettings = (kind) => ({
  name: `${kind}Which`,
  label: `Mirror ${kind}`,
  type: 'select',
  required: true,
  value: 'all',
  options: [
    ['all', 'all'],
    ['stable', 'without prereleases'],
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

const setDisabled = (flow, value) => api(`/flows/${flow}`, 'PATCH', [{ op: 'add', path: '/disabled', value }]);

/** Asks the source to announce releases to the webhook, with a new token and key. Not every registry does. */
async function announce({ source, flows: { announcements } }, server) {
  if (!server || !announcements) return false;
  const [key, token] = [crypto.randomUUID(), crypto.randomUUID()];
  const webhook = { ...SIGNED, key, token };
  await api(`/exports/${announcements.export}`, 'PATCH', [{ op: 'add', path: '/webhook', value: webhook }]);
  const endpoint = `${server.replace(/\/+$/, '')}/v1/exports/${announcements.export}/${token}/data`;
  const hook = { type: 'package', name: '*', endpoint, secret: key };
  const response = await send(source, 'POST', '/-/npm/v1/hooks/hook', hook);
  if (!response.ok && response.status !== 404) throw await unavailable('for announcements', response);
  return response.ok;
}

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
    const store = await createStore(_integrationId, 'Main registry', opts);
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

  /** `address` is what the user has entered in the form. */
  async startMirror({ _integrationId, address }) {
    const store = await newestStore(_integrationId);
    const isAnnounced = await announce(store, address);
    for (const { flow } of Object.values(store.flows)) await setDisabled(flow, false);
    const description = isAnnounced ? 'The registry announces releases.' : 'The registry announces nothing.';
    return { success: true, stepsToUpdate: [{ name: `Start ${store.name}`, description }] };
  },

  /** A further registry: its records, its section of the settings, and its steps, which are taken like the first ones. */
  async addNewStore({ _integrationId, name, opts }) {
    if (typeof name !== 'string' || name.trim() === '')
      throw new MirrorError('invalid_name', 'A registry needs a name.');
    const { install, mode } = await readIntegration(_integrationId);
    if (mode === 'install') throw new MirrorError('not_finished', 'Finish the registry that is being set up first.');
    const store = await createStore(_integrationId, name, opts);
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

/** What the settings choose of a page: packages, versions, and since when. */
async function chosen(records, { _integrationId, _flowId }) {
  const isOfFlow = ({ flows }) => Object.values(flows).some(({ flow }) => flow === _flowId);
  const { id } = (await readStores(_integrationId)).find(isOfFlow);
  const { settings } = await readIntegration(_integrationId);
  const section = settings.sections.find((each) => each.id === id);
  const [{ fields }, { flows }] = section.sections;
  const packages = packagesField(section).value;
  const since = fields.find(({ name }) => name === 'since').value;
  const which = flows.find(({ _id }) => _id === _flowId).settings[0].value;
  return records.filter(
    ({ name, version, publishedAt = since }) =>
      (packages.length === 0 || packages.includes(name)) &&
      (which === 'all' || !version.includes('-')) &&
      publishedAt >= since,
  );
}

export const hooks = {
  async chosenOnly(options) {
    return { data: await chosen(options.data, options), errors: options.errors };
  },

  /** Messages of the registry are `{event, payload}`; the signature has been verified. */
  async announcedReleases(options) {
    const releases = options.data.flatMap(({ event, payload }) => (event === 'package:publish' ? [payload] : []));
    return { data: await chosen(releases, options), errors: options.errors };
  },

  /** A release that is there has been mirrored before. */
  takeAsMirrored({ responseData }) {
    const isThere = ({ errors = [] }) => errors.some(({ message }) => message.includes('status 409'));
    return responseData.map((response) => (isThere(response) ? { statusCode: 200, ignored: true } : response));
  },
};

export const uninstaller = {
  preUninstall: () => [
    { name: 'Stop the flows', uninstallerFunction: 'disableFlows', completed: false },
    { name: 'Remove the records', uninstallerFunction: 'removeRecords', completed: false },
  ],

  async disableFlows({ _integrationId }) {
    for (const { flows } of await readStores(_integrationId)) {
      for (const { flow } of Object.values(flows)) await setDisabled(flow, true);
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
