/** The connectors of a soak. */
import { PAGE_RECORDS, RECORDS } from '../bench/flows-application.ts';
import type { BundleText } from '../support/folders.ts';
import { packed } from '../support/tarballs.ts';

/** Connectors that do nothing but serve. */
export const QUIET = ['shop', 'ledger', 'mail'];
export const FRAGILE = 'fragile';
export const FLOWING = 'flowing';
/** The first page that a small flow reads, and how many records it gets from there to the last. */
export const FROM_PAGE = RECORDS / PAGE_RECORDS - 2;
export const FLOW_RECORDS = 3 * PAGE_RECORDS;

const connector = { settings: { sections: [{ fields: [{ name: 'text', type: 'input', value: '' }] }] } };

const SERVES = `echo: (options) => options,
  async write({ _integrationId, text }) {
    const settings = { sections: [{ fields: [{ name: 'text', type: 'input', value: text }] }] };
    await fetch('/v1/integrations/' + _integrationId, { method: 'PUT', body: JSON.stringify({ settings }) });
  }`;

const HOOKS = `exports.hooks = {
  keep: ({ data }) => ({ data: data.filter(({ id }) => id > 0), errors: [] }),
  stamp: ({ postMapData }) => postMapData.map((data) => ({ data: { ...data, stamped: true } })),
};`;

/** @param origin the application's */
export function bundlesFor(origin: string): Record<string, BundleText> {
  const quiet = QUIET.map((name) => [name, { connector, code: `exports.settings = { ${SERVES} };` }] as const);
  return {
    ...Object.fromEntries(quiet),
    [FRAGILE]: { connector, code: `exports.settings = { ${SERVES}, crash: () => 'x'.repeat(1 << 28).split('') };` },
    [FLOWING]: { connector: { permissions: { fetch: [origin] } }, code: HOOKS },
  };
}

export const versionName = (version: number): string => `1.0.${version}`;

export const uploadOf = (version: number): Buffer =>
  packed('uploaded', {
    manifest: { version: versionName(version) },
    code: `exports.settings = { echo: (options) => options, version: () => ${version} };`,
  });
