/** Capabilities and sections are listed once. `npm run types` checks this file: what is written beside them agrees. */
import { expect, expectTypeOf, test } from 'vitest';
import { capabilityNames, isCapability, type ModuleFunction } from '../../sandbox/capabilities.ts';
import { type CallableSection, fixedAsk, type SectionName } from '../../sandbox/index.ts';
import type { Connector } from '../../src/sdk/index.ts';

type Declared = typeof import('../../sandbox/guest/types/bulkhead.d.ts');

test('authors have a declaration of every function of the module `bulkhead`, and of no other', () => {
  expectTypeOf<Exclude<keyof Declared, 'default'>>().toEqualTypeOf<ModuleFunction>();
  expectTypeOf<keyof Declared['default']>().toEqualTypeOf<ModuleFunction>();
});

test("the SDK's type of a connector has every section, and no other", () => {
  expectTypeOf<keyof Connector>().toEqualTypeOf<SectionName>();
  expectTypeOf<CallableSection>().toExtend<SectionName>();
});

test('nothing but a capability is one', () => {
  expect(capabilityNames.filter(isCapability)).toEqual(capabilityNames);
  expect(['', 'log', 'toString', '__proto__', 'fetch '].filter(isCapability)).toEqual([]);
});

test('a fixed ask gives every capability the same reply', async () => {
  const ask = fixedAsk('{"value":1}');
  const { signal } = new AbortController();
  for (const name of capabilityNames) expect(await ask[name]('{}', signal)).toBe('{"value":1}');
});
