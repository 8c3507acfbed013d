/** Connectors for the form's browser tests: every type of field, and a hostile form. */
import type { BundleText } from '../support/folders.ts';

const cities = Array.from({ length: 10_000 }, (_, i) => [`city-${i}`, `City ${i}`]);

export const everySettings = {
  general: {
    title: 'General',
    fields: [
      {
        name: 'paused',
        label: 'Pause everything',
        type: 'checkbox',
        value: false,
        help: 'Nothing is imported or exported while this is ticked.',
      },
      {
        name: 'company',
        label: 'Company',
        type: 'input',
        required: true,
        value: 'Flowers & Sons',
        placeholder: 'Your company',
      },
      {
        name: 'manual',
        label: 'Manual',
        type: 'link',
        value: 'https://docs.example/manual',
        help: 'What each setting means.',
      },
    ],
  },
  sections: [
    {
      title: 'Orders',
      fields: [
        {
          name: 'since',
          label: 'Import orders since',
          type: 'date',
          value: '2026-01-31',
          help: 'Empty for all orders.',
        },
        {
          name: 'states',
          label: 'Import orders that are',
          type: 'multiselect',
          required: true,
          value: ['paid'],
          options: [
            ['paid', 'Paid'],
            ['shipped', 'Shipped'],
            ['closed', 'Closed'],
          ],
        },
        {
          name: 'priority',
          label: 'Priority',
          type: 'radio',
          value: 'normal',
          options: [['low', 'Low'], ['normal', 'Normal'], { value: 'high', label: 'High: before everything else' }],
        },
        {
          name: 'batch',
          label: 'Orders in a batch',
          type: 'integer',
          value: 50,
          tooltip: 'Larger batches are quicker, smaller ones fail in smaller pieces.',
        },
        { name: 'account', label: 'Account', type: 'input', value: '4000', disabled: true, help: 'Set by the ledger.' },
      ],
      fieldSets: [
        {
          header: 'Notes',
          fields: [
            { name: 'note', label: 'Note on each order', type: 'textarea', value: '', placeholder: 'Thank you!' },
            {
              name: 'filter',
              label: 'Only orders for which',
              type: 'expression',
              value: '["equals", ["string", ["extract", "state"]], "paid"]',
            },
          ],
        },
      ],
      flows: [
        {
          _id: '507f1f77bcf86cd799439011',
          name: 'Shop orders to ledger entries',
          settings: [
            {
              name: 'ordersEvery',
              label: 'Run every',
              type: 'select',
              required: true,
              value: 'hour',
              options: [
                ['quarter', '15 minutes'],
                ['hour', 'Hour'],
                ['day', 'Day'],
              ],
            },
          ],
        },
      ],
    },
    {
      title: 'Refunds',
      sections: [
        {
          title: 'Booking',
          fields: [
            {
              name: 'bookRefunds',
              label: 'Book refunds',
              type: 'checkbox',
              value: false,
              dependencies: {
                enabled: { fields: [{ name: 'refundAccount', hidden: false, required: true }] },
                disabled: {
                  fields: [
                    { name: 'refundAccount', hidden: true, required: false },
                    // The connector makes the form consider it valid; the server does not.
                    { name: 'costCenter', required: false },
                  ],
                },
              },
            },
            {
              name: 'refundAccount',
              label: 'Account for refunds',
              type: 'select',
              hidden: true,
              supportsRefresh: true,
              value: '',
              options: [['4740', '4740 Refunds']],
              help: 'Refresh to see accounts that were added since.',
            },
            { name: 'costCenter', label: 'Cost centre', type: 'input', required: true, value: '100' },
            {
              name: 'city',
              label: 'Warehouse',
              type: 'select',
              value: 'city-7',
              options: cities,
            },
            {
              name: 'cities',
              label: 'Cities that are delivered to',
              type: 'multiselect',
              value: ['city-3', 'city-4711'],
              options: cities,
            },
          ],
        },
        {
          title: 'Mapping',
          fields: [
            {
              name: 'shipping',
              label: 'Shipping methods',
              type: 'staticMapWidget',
              extractFieldHeader: 'Shop',
              generateFieldHeader: 'Ledger',
              generates: [
                { id: 'DHL', text: 'DHL' },
                { id: 'UPS', text: 'UPS Ground' },
              ],
              supportsGeneratesRefresh: true,
              map: { express: 'UPS', standard: 'DHL' },
              default: 'DHL',
              allowFailures: true,
              help: 'What a shipping method of the shop is called in the ledger.',
            },
            {
              name: 'template',
              label: 'Template of an entry',
              type: 'file',
              value: 'Order {{number}}\n'.repeat(100),
              help: 'A text file.',
            },
            {
              name: 'search',
              label: 'Saved search',
              type: 'select',
              supportsRefresh: true,
              properties: { yieldValueAndLabel: true },
              value: { id: '77', label: 'Open items' },
              options: [],
            },
          ],
        },
      ],
    },
    {
      title: 'Advanced',
      fields: [
        {
          name: 'matching',
          label: 'Matching criteria',
          type: 'matchingCriteria',
          value: { by: ['sku', 'name'], strict: true },
        },
        { name: 'timeout', label: 'Time-out in seconds', type: 'number', value: 2.5 },
        { label: 'Installation number', type: 'text', value: 'A-1138' },
      ],
    },
  ],
};

const code = `
export const settings = {
  async refreshMetadata({ _integrationId, fieldName, type }) {
    if (fieldName === 'refundAccount') {
      const path = '/v1/integrations/' + _integrationId;
      const { settings } = await (await fetch(path)).json();
      const field = settings.sections[1].sections[0].fields[1];
      field.options = [['4740', '4740 Refunds'], ['4741', '4741 Refunds abroad']];
      await fetch(path, { method: 'PUT', body: JSON.stringify({ settings }) });
      return { fieldName, options: field.options };
    }
    if (fieldName === 'search') throw Object.assign(new Error('The ledger does not answer.'), { code: 'ledger_down' });
    if (type === 'generates') return { fieldName, options: [{ id: 'DHL', text: 'DHL' }, { id: 'UPS', text: 'UPS Ground' }, { id: 'GLS', text: 'GLS' }] };
    return {};
  },
};
`;

export const everyField: BundleText = {
  manifest: { name: 'every-field', type: 'module', description: 'Every type of field.' },
  connector: { title: 'Every field', settings: everySettings },
  code,
};

/** A step with an integrator.io 2.0 form, and a connector that names the field only in its message. */
export const steps: BundleText = {
  manifest: { name: 'steps-with-a-form', type: 'module' },
  connector: {
    title: 'Steps with a form',
    install: [
      {
        name: 'Say where',
        installerFunction: 'take',
        form: {
          fieldMap: {
            where: {
              name: 'where',
              type: 'select',
              label: 'Where',
              defaultValue: 'work',
              options: [
                {
                  items: [
                    { value: 'work', label: 'At work' },
                    { value: 'home', label: 'At home' },
                  ],
                },
              ],
            },
            city: { name: 'city', type: 'text', label: 'City', required: true },
            street: { name: 'street', type: 'text', label: 'Street', visibleWhen: [{ field: 'where', is: ['home'] }] },
          },
          layout: { fields: ['where', 'city', 'street'] },
        },
      },
    ],
    settings: { fields: [{ name: 'x', label: 'X' }] },
  },
  code: `
export const installer = {
  async take({ _integrationId, where, city, street }) {
    if (city !== 'Oslo') throw Object.assign(new Error('city: there is no ' + city), { code: 'no_city' });
    const path = '/v1/integrations/' + _integrationId + '/state/taken';
    await fetch(path, { method: 'PUT', body: JSON.stringify({ where, city, street }) });
    return { success: true };
  },
};
`,
};

const HTML = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';

export const hostileSettings = JSON.parse(`{
  "sections": [
    { "title": ${JSON.stringify(HTML)}, "description": ${JSON.stringify(HTML)}, "fields": [
      { "name": "__proto__", "label": ${JSON.stringify(HTML)}, "type": "input", "value": ${JSON.stringify(HTML)}, "help": ${JSON.stringify(HTML)}, "placeholder": ${JSON.stringify(HTML)} },
      { "name": "constructor", "type": "select", "label": "constructor", "value": "a", "options": [["a", ${JSON.stringify(HTML)}], ["b", "b"], null, 5] },
      { "name": "toString", "type": "radio", "label": "toString", "value": "a", "options": [["a", ${JSON.stringify(HTML)}], ["b", "</label>"]] },
      { "name": "hasOwnProperty", "type": "multiselect", "label": "hasOwnProperty", "value": ["a"], "options": [["a", ${JSON.stringify(HTML)}]] },
      { "name": "script", "label": "A link that runs", "type": "link", "value": "javascript:window.hacked=1" },
      { "name": "data", "label": "A link with a page in it", "type": "link", "value": "data:text/html,<script>1</script>" },
      { "name": "relative", "label": ${JSON.stringify(HTML)}, "type": "link", "value": "//evil.example/x" },
      { "name": "valueOf", "label": "valueOf", "type": "hologram", "value": { "__proto__": { "polluted": true }, "html": ${JSON.stringify(HTML)} } },
      { "name": "map", "label": "Map", "type": "staticMapWidget", "value": { "__proto__": ${JSON.stringify(HTML)}, "constructor": "x" } },
      { "name": "dangerouslySetInnerHTML", "label": { "__html": ${JSON.stringify(HTML)} }, "type": ["input"], "value": "x" },
      { "name": "circle", "label": "Circle", "type": "checkbox", "value": true, "dependencies": { "enabled": { "fields": [{ "name": "circle", "hidden": false }] }, "__proto__": { "fields": [{ "name": "circle", "hidden": true }] } } },
      null, 5, "x", []
    ] },
    null,
    { "title": "__proto__", "fields": [{ "name": "__proto__", "type": "input", "label": "Again", "value": "again" }] }
  ]
}`);

export const hostileForm: BundleText = {
  manifest: { name: 'hostile-form', type: 'module' },
  connector: { title: 'Hostile form', settings: hostileSettings },
  code: 'export const settings = {};',
};
