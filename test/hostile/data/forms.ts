/** Settings forms, and values that a user sends to the built-in `persistSettings`. */
import assert from 'node:assert/strict';
import { attack, type DataAttack } from './attack.ts';
import { summarize } from './reply-summary.ts';

/** JSON of settings and pending values; built here, written by the connector. */
interface Form {
  readonly settings: object;
  readonly pending: unknown;
}

/** @param at where the control's value must be in the settings; default: the first field */
function form<Size>(
  name: string,
  dataMb: number,
  of: (size: Size) => Form,
  { hostile, permitted, right }: { hostile: Size; permitted: Size; right?: readonly number[] },
  stored: (settings: Settings) => unknown = ({ fields }) => fields?.[0]?.value,
): DataAttack {
  return attack({
    name,
    dataMb,
    hostile,
    permitted,
    ...(right ? { right } : {}),
    async prepare(scene, size) {
      const integrationId = await scene.install('data');
      const { settings } = of(size);
      const source = `return [await api('PUT', '/integrations/' + options._integrationId, { settings: size })];`;
      const [reply] = await scene.inside(integrationId, source, settings);
      return { integrationId, reply };
    },
    async run(scene, size, { integrationId, reply }) {
      // A form that is too large is not stored, so there is nothing to save into it.
      if (reply?.status !== 200) return reply ? [reply] : [];
      const { pending } = of(size);
      return [
        summarize(await scene.client('PUT', `/integrations/${integrationId}/settings/persistSettings`, { pending })),
      ];
    },
    async check(scene, { integrationId }) {
      if (right) return;
      const { body } = await scene.client('GET', `/integrations/${integrationId}`);
      assert.notEqual(stored(body.settings), undefined, 'nothing was stored');
    },
  });
}

interface Field {
  readonly name?: string;
  readonly value?: unknown;
}
interface Settings {
  readonly fields?: readonly Field[];
  readonly sections?: readonly { readonly fields?: readonly Field[] }[];
}

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const entries = (count: number, make: (index: number) => [string, unknown]): object =>
  Object.fromEntries(times(count, make));

export const forms: readonly DataAttack[] = [
  form(
    'ten fields of five thousand options, all chosen',
    2,
    ({ fields, options }) => {
      const all = times(options, (i) => `option ${i}`);
      return {
        settings: { fields: times(fields, (i) => ({ name: `f${i}`, type: 'multiselect', options: all })) },
        pending: entries(fields, (i) => [`f${i}`, all]),
      };
    },
    { hostile: { fields: 10, options: 5_000 }, permitted: { fields: 2, options: 5 } },
  ),
  form(
    'five thousand of a hundred thousand options',
    2,
    ({ options, chosen }) => ({
      settings: { fields: [{ name: 'f', type: 'multiselect', options: times(options, (i) => `o${i}`) }] },
      pending: { f: times(chosen, (i) => `o${options - 1 - i}`) },
    }),
    { hostile: { options: 100_000, chosen: 5_000 }, permitted: { options: 10, chosen: 5 } },
  ),
  form(
    'a thousand fields of the same name, each with fifty options of two words',
    2,
    ({ fields, options }) => ({
      settings: {
        fields: times(fields, () => ({
          name: 'f',
          type: 'multiselect',
          options: times(options, (i) => [`o${i}`, 'a label']),
        })),
      },
      pending: { f: times(500, (i) => `o${i % options}`) },
    }),
    { hostile: { fields: 900, options: 50 }, permitted: { fields: 2, options: 5 } },
  ),
  form(
    'twenty thousand stores',
    2,
    ({ stores }) => ({
      settings: {
        supportsMultiStore: true,
        sections: times(stores, (i) => ({
          id: `s${i}`,
          ...(i === 0 ? { fields: [{ name: 'f', type: 'text' }] } : {}),
        })),
      },
      pending: { ...entries(stores, (i) => [`s${i}`, {}]), s0: { f: 'a' } },
    }),
    { hostile: { stores: 20_000 }, permitted: { stores: 3 } },
    ({ sections }) => sections?.[0]?.fields?.[0]?.value,
  ),
  form(
    'two thousand stores beside twenty thousand general parts',
    2,
    ({ stores, parts }) => ({
      settings: {
        supportsMultiStore: true,
        sections: times(stores, (i) => ({ id: `s${i}`, fields: [{ name: 'f' }] })),
        general: times(parts, (i) => ({ id: `s${i % stores}` })),
      },
      pending: entries(stores, (i) => [`s${i}`, { f: 'a' }]),
    }),
    { hostile: { stores: 2_000, parts: 20_000 }, permitted: { stores: 3, parts: 6 } },
    ({ sections }) => sections?.[0]?.fields?.[0]?.value,
  ),
  form(
    'fifty thousand unknown stores',
    2,
    ({ unknown }) => ({
      settings: { supportsMultiStore: true, sections: [{ id: 's', fields: [{ name: 'f' }] }] },
      pending: { s: { f: 'a' }, ...entries(unknown, (i) => [`none ${i}`, {}]) },
    }),
    { hostile: { unknown: 50_000 }, permitted: { unknown: 1 }, right: [422] },
  ),
  form(
    'a hundred thousand values without a field',
    2,
    ({ unknown }) => ({
      settings: { fields: [{ name: 'f', type: 'text' }] },
      pending: { f: 'a', ...entries(unknown, (i) => [`none ${i}`, 1]) },
    }),
    { hostile: { unknown: 60_000 }, permitted: { unknown: 0 } },
  ),
  form(
    'ten thousand invalid numbers in fields with long labels',
    6,
    ({ fields, value }) => ({
      settings: { fields: times(fields, (i) => ({ name: `f${i}`, type: 'number', label: 'l'.repeat(400) })) },
      pending: entries(fields, (i) => [`f${i}`, value]),
    }),
    { hostile: { fields: 10_000, value: 'none' }, permitted: { fields: 3, value: '12' } },
  ),
  form(
    'a label of four million characters on a field that is invalid ten times',
    5,
    ({ chars, value }) => ({
      settings: { fields: times(10, () => ({ name: 'f', type: 'checkbox', label: 'l'.repeat(chars / 10) })) },
      pending: { f: value },
    }),
    { hostile: { chars: 4_000_000, value: 'none' as unknown }, permitted: { chars: 100, value: true as unknown } },
  ),
  form(
    'a form of five megabytes, and one value',
    5,
    ({ fields }) => ({
      settings: { fields: times(fields, (i) => ({ name: `f${i}`, type: 'text', help: 'h'.repeat(200) })) },
      pending: { f0: 'a' },
    }),
    { hostile: { fields: 19_000 }, permitted: { fields: 19 } },
  ),
  form(
    'sections within sections, with fields in each',
    3,
    ({ levels, fields }) => {
      let inner: object = { fields: times(fields, (i) => ({ name: `f${i % 3}`, type: 'text' })) };
      for (let i = 0; i < levels; i++) inner = { sections: [inner], fields: [{ name: 'f0', type: 'text' }] };
      return { settings: inner, pending: { f0: 'a', f1: 'b', f2: 'c' } };
    },
    { hostile: { levels: 48, fields: 20_000 }, permitted: { levels: 3, fields: 3 } },
  ),
];
