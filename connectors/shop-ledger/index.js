// A connector in CommonJS. Its installer and uninstaller are written with callbacks, its settings
// with async functions: the runtime takes both.

const { progress } = require('bulkhead');

const CHARTS = {
  trade: { 4000: 'Sales of goods', 4100: 'Shipping charged', 4730: 'Discounts granted', 4740: 'Refunds' },
  services: { 4000: 'Services', 4200: 'Travel charged', 4730: 'Discounts granted', 4740: 'Refunds' },
};

/** The runtime's own API; the run's token is added by the runtime. */
async function api(path, init) {
  const response = await fetch(path, init && { ...init, body: JSON.stringify(init.body) });
  const reply = await response.json();
  if (response.ok) return reply;
  const [{ code, message }] = reply.errors;
  throw Object.assign(new Error(message), { code });
}
const readIntegration = (id) => api(`/v1/integrations/${id}`);
/** Fields that are left out survive. */
const writeIntegration = (id, changes) => api(`/v1/integrations/${id}`, { method: 'PUT', body: changes });

const accountsOf = (chart) => Object.entries(CHARTS[chart]).map(([number, name]) => [number, `${number} ${name}`]);

/** The settings form: two sections, in which the fields for refunds depend on a checkbox. */
function settingsForm({ domain, chart, firstAccount }) {
  const options = accountsOf(chart);
  const account = String(firstAccount);
  return {
    shop: { domain, chart },
    general: { fields: [{ name: 'paused', label: 'Pause the import', type: 'checkbox', value: false }] },
    sections: [
      {
        title: 'Orders',
        fields: [
          { name: 'ordersSince', label: 'Import orders since', type: 'date', value: '', help: 'Empty for all orders.' },
          {
            name: 'orderStates',
            label: 'Book orders that are',
            type: 'multiselect',
            required: true,
            value: ['paid'],
            options: [
              ['paid', 'Paid'],
              ['shipped', 'Shipped'],
            ],
          },
        ],
      },
      {
        title: 'Accounts',
        fields: [
          {
            name: 'salesAccount',
            label: 'Sales',
            type: 'select',
            required: true,
            supportsRefresh: true,
            value: account,
            options,
          },
          {
            name: 'bookRefunds',
            label: 'Book refunds',
            type: 'checkbox',
            value: false,
            dependencies: {
              enabled: { fields: [{ name: 'refundAccount', hidden: false, required: true }] },
              disabled: { fields: [{ name: 'refundAccount', hidden: true, required: false }] },
            },
          },
          {
            name: 'refundAccount',
            label: 'Refunds',
            type: 'select',
            hidden: true,
            supportsRefresh: true,
            value: '',
            options,
          },
        ],
      },
    ],
  };
}

function fieldsOf(settings) {
  return [settings.general, ...settings.sections].flatMap(({ fields }) => fields);
}

/** A checkbox shows or hides the fields that depend on it. */
function applyDependencies(fields) {
  for (const { dependencies, value } of fields.values()) {
    if (!dependencies) continue;
    const { fields: changed } = value ? dependencies.enabled : dependencies.disabled;
    for (const { name, ...change } of changed) Object.assign(fields.get(name), change);
  }
}

/** Runs an async function for a caller that wants a callback. */
function withCallback(work, callback) {
  work.then((result) => callback(null, result), callback);
}

class SettingsError extends Error {
  constructor(field, message) {
    super(`${field}: ${message}`);
    this.code = 'invalid_settings';
  }
}

module.exports = {
  installer: {
    /** Called once, before the first step; what it stores is part of the install. */
    installConnector({ _integrationId, opts }, callback) {
      const { firstAccount } = opts;
      const settings = settingsForm({ domain: '', chart: 'trade', firstAccount });
      withCallback(
        writeIntegration(_integrationId, { settings }).then(() => ({ success: true })),
        callback,
      );
    },

    verifyShop({ _integrationId, domain }, callback) {
      if (typeof domain !== 'string' || !/^[^\s./]+(\.[^\s./]+)+$/u.test(domain)) {
        const error = new Error(`"${domain ?? ''}" is no address of a shop.`);
        error.code = 'invalid_shop';
        return callback(error);
      }
      const remember = async () => {
        const { settings } = await readIntegration(_integrationId);
        settings.shop.domain = domain;
        await writeIntegration(_integrationId, { settings });
        return { success: true, stepsToUpdate: [{ installerFunction: 'verifyShop', description: domain }] };
      };
      withCallback(remember(), callback);
    },

    chooseChart({ _integrationId, chart, opts }, callback) {
      if (!Object.hasOwn(CHARTS, chart)) return callback(new SettingsError('chart', 'choose one of the charts'));
      const rebuild = async () => {
        const { settings } = await readIntegration(_integrationId);
        const form = settingsForm({ ...settings.shop, chart, firstAccount: opts.firstAccount });
        await writeIntegration(_integrationId, { settings: form });
        return { success: true };
      };
      withCallback(rebuild(), callback);
    },

    checkBooks({ _integrationId }, callback) {
      const check = async () => {
        const { settings } = await readIntegration(_integrationId);
        const known = new Map(accountsOf(settings.shop.chart));
        const booked = fieldsOf(settings).filter(({ name, value }) => name.endsWith('Account') && value !== '');
        for (const [index, { name, value }] of booked.entries()) {
          progress((index + 1) / booked.length, `Checking account ${value}`);
          if (!known.has(value)) throw new SettingsError(name, `there is no account ${value}`);
        }
        return { success: true };
      };
      withCallback(check(), callback);
    },

    /** 1.x kept its settings as a flat object; 2.0.0 has a form. What a user had chosen stays. */
    updateConnector({ _integrationId, currentVersion, opts }, callback) {
      const migrate = async () => {
        if (!currentVersion.startsWith('1.')) return { success: true };
        const { settings: old } = await readIntegration(_integrationId);
        const settings = settingsForm({
          domain: old.shopDomain ?? '',
          chart: old.chart ?? 'trade',
          firstAccount: old.salesAccount ?? opts.firstAccount,
        });
        await writeIntegration(_integrationId, { settings });
        return { success: true };
      };
      withCallback(migrate(), callback);
    },
  },

  settings: {
    /** Takes `{"pending": {field: value}}`; checks what one field means for another. */
    async persistSettings({ _integrationId, pending }) {
      const { settings } = await readIntegration(_integrationId);
      const fields = new Map(fieldsOf(settings).map((field) => [field.name, field]));
      for (const [name, value] of Object.entries(pending)) {
        const field = fields.get(name);
        if (!field) throw new SettingsError(name, 'no such field');
        field.value = value;
      }
      applyDependencies(fields);
      for (const { name, label, required, value } of fields.values()) {
        if (required && (value === '' || value?.length === 0)) throw new SettingsError(name, `${label} is required`);
      }
      await writeIntegration(_integrationId, { settings });
      return { success: true, pending };
    },

    /** Asked for by a field with `supportsRefresh`: its options as they are now. */
    async refreshMetadata({ _integrationId, fieldName }) {
      const { settings } = await readIntegration(_integrationId);
      const field = fieldsOf(settings).find(({ name }) => name === fieldName);
      if (!field?.supportsRefresh) throw new SettingsError(fieldName, 'has nothing to refresh');
      field.options = accountsOf(settings.shop.chart);
      await writeIntegration(_integrationId, { settings });
      return { fieldName, options: field.options };
    },
  },

  uninstaller: {
    preUninstall(_options, callback) {
      callback(null, [
        {
          name: 'Close the books',
          description: 'Books what is open.',
          uninstallerFunction: 'closeBooks',
          completed: false,
        },
      ]);
    },

    closeBooks(_options, callback) {
      progress(1, 'The books are closed');
      callback(null, { success: true });
    },

    uninstallConnector({ _integrationId }, callback) {
      const close = async () => {
        const { uninstall = [] } = await readIntegration(_integrationId);
        const open = uninstall.filter(({ completed }) => !completed);
        if (open.length > 0) throw Object.assign(new Error(`Still to do: ${open[0].name}`), { code: 'books_open' });
        return { success: true };
      };
      withCallback(close(), callback);
    },
  },
};
