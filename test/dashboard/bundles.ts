/** Connectors for the browser tests. */
import type { BundleText } from '../support/folders.ts';

/** Steps of every kind, a function that runs until cancelled, and one that fails at first. */
export const stepper: BundleText = {
  manifest: { version: '1.0.0', description: 'Steps of every kind.' },
  connector: {
    title: 'Stepper',
    preUninstallFunction: 'preUninstall',
    install: [
      { name: 'Watch it work', description: 'Takes its time.\nAnd says so.', installerFunction: 'work' },
      { name: 'Fails once', installerFunction: 'failOnce' },
      { name: 'Says no', installerFunction: 'sayNo' },
      { name: 'Grant access', installURL: 'https://shop.example/grant?a=1', installerFunction: 'verify' },
      { name: 'A bad address', installURL: 'javascript:document.title="owned"', installerFunction: 'verifyBad' },
      { name: 'Done by the connector' },
      {
        name: 'A form',
        installerFunction: 'takeForm',
        form: { fields: [{ name: 'city', label: 'City', type: 'input', required: true }] },
      },
      { name: 'The last one', installerFunction: 'finish' },
    ],
    settings: {
      sections: [{ title: 'Place', fields: [{ name: 'city', label: 'City', type: 'input', value: 'Oslo' }] }],
    },
    limits: { timeoutMs: 60_000, memoryMb: 16 },
    permissions: { fetch: ['https://*.shop.example', 'http://plain.example:8080'] },
  },
  code: `
    const { progress } = require('bulkhead');
    const api = async (path, init) => (await fetch('/v1' + path, init)).json();
    const state = (id, key) => '/v1/integrations/' + id + '/state/' + key;
    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    module.exports = {
      installer: {
        async work({ quick }) {
          if (quick) return { success: true };
          console.log('Begin to work');
          for (let i = 0; i < 600; i++) {
            progress(Math.min(0.9, i / 20), 'Working on part ' + i);
            console[i % 3 === 2 ? 'warn' : 'log']('Part ' + i + ' <b>is done</b>');
            await wait(100);
          }
          return { success: true };
        },
        failOnce({ _integrationId }) {
          globalThis.calls = (globalThis.calls || 0) + 1;
          if (globalThis.calls > 1) return { success: true };
          console.error('about to fail');
          throw Object.assign(new Error('The shop says: <i>not today</i>'), { code: 'shop_closed' });
        },
        sayNo({ really }) {
          globalThis.no = (globalThis.no || 0) + 1;
          return globalThis.no > 1
            ? { success: true, stepsToUpdate: [{ name: 'Done by the connector', completed: true }, { name: 'The last one', description: 'Changed by another step.' }] }
            : { success: false, message: 'Not yet: try again.' };
        },
        verify: () => ({ success: true }),
        verifyBad: () => ({ success: true }),
        takeForm({ city }) {
          if (city === 'Atlantis') throw Object.assign(new Error('There is no such city.'), { code: 'no_city' });
          return { success: true };
        },
        finish: () => ({ success: true }),
      },
      settings: { noise: ({ n }) => { console.log('noise', n); return {}; }, fail() { throw new Error('failed on purpose'); } },
      uninstaller: { preUninstall: () => [{ name: 'Say goodbye', uninstallerFunction: 'bye', completed: false }], bye: () => ({ success: true }) },
    };
  `,
};

const HTML = '<img src=x onerror="document.title=\'owned\'"><b>bold</b>';

/** Every text in the manifest is HTML, and every URL runs code. */
export const hostile: BundleText = {
  manifest: { description: `${HTML}<script>document.title='owned'</script>` },
  connector: {
    title: `Hostile ${HTML}`,
    imageURL: 'javascript:document.title="owned"',
    install: [
      {
        name: `Step ${HTML}`,
        description: `<a href="javascript:document.title='owned'">click</a> ${HTML}`,
        imageURL: 'javascript:document.title="owned"',
        installURL: 'data:text/html,<script>document.title="owned"</script>',
        installerFunction: 'throwHtml',
      },
    ],
    settings: {
      sections: [
        {
          title: `Section ${HTML}`,
          fields: [
            { name: 'a', label: `Label ${HTML}`, help: HTML, type: 'input', value: HTML },
            {
              name: 'b',
              label: 'Link',
              type: 'link',
              url: 'javascript:document.title="owned"',
              value: 'javascript:document.title="owned"',
            },
            { name: 'c', label: 'Choice', type: 'select', options: [[HTML, HTML]], value: HTML },
          ],
        },
      ],
    },
  },
  code: `
    module.exports = { installer: { throwHtml() {
      console.log(${JSON.stringify(HTML)});
      throw Object.assign(new Error(${JSON.stringify(HTML)}), { code: ${JSON.stringify(HTML)} });
    } } };
  `,
};

/** Its installer fails until the test allows it. Its update and removal always fail. */
export const broken: BundleText = {
  manifest: { version: '1.0.0' },
  connector: {
    title: 'Broken',
    installerFunction: 'install',
    updateFunction: 'update',
    uninstallerFunction: 'remove',
    install: [],
  },
  code: `
    module.exports = {
      installer: {
        install({ tag }) {
          if (tag === 'fail') throw Object.assign(new Error('There is no room for it.'), { code: 'no_room' });
          return { success: true };
        },
        update() { throw Object.assign(new Error('The other side has moved.'), { code: 'moved' }); },
      },
      uninstaller: { remove() { throw Object.assign(new Error('Still in use.'), { code: 'in_use' }); } },
    };
  `,
};

/** Its installer runs until cancelled. The bundle has an image. */
export const slow: BundleText = {
  connector: { title: 'Slow', installerFunction: 'install', imageURL: 'icon.svg' },
  code: `
    const { progress } = require('bulkhead');
    module.exports = { installer: { async install() {
      progress(0.2, 'Laying the keel');
      console.log('The keel is laid');
      await new Promise((resolve) => setTimeout(resolve, 250_000));
    } } };
  `,
};

/** Its update fails for the integration with the tag `two`. */
export const fleet: BundleText = {
  connector: { title: 'Fleet', updateFunction: 'update' },
  code: `
    module.exports = { installer: { async update({ _integrationId }) {
      const { tag } = await (await fetch('/v1/integrations/' + _integrationId)).json();
      if (tag === 'two') throw Object.assign(new Error('The second one stays in port.'), { code: 'in_port' });
      return {};
    } } };
  `,
};

/** An invalid manifest. */
export const invalid: BundleText = {
  manifest: { version: 'new' },
  connector: { title: 'Invalid', permissions: { fetch: ['not an origin'] } },
  code: '',
};
