import { expect, test } from 'vitest';
import { optionTable } from '../src/option-table.ts';
import { completeOptions, helpText, misspeltVariables, readOptions } from '../src/options.ts';

test('flags win over the environment, the environment over defaults', () => {
  const given = readOptions(
    { port: '4000' },
    { BULKHEAD_PORT: '5000', BULKHEAD_HOST: '::1', BULKHEAD_RUN_CPU_MS: '5' },
  );
  expect(completeOptions(given)).toMatchObject({
    port: 4000,
    host: '::1',
    runCpuMs: 5,
    data: './data',
    runMemoryMb: 64,
  });
});

test('a misspelt variable is named with the option that was meant, and others are left alone', () => {
  const environment = { BULKHEAD_RUN_CPU: '5', BULKHEAD_PORT: '1', BULKHEAD_URL: 'x', BULKHEAD_PORT_3000_TCP: 'x' };
  expect(misspeltVariables({ ...environment, BULKHEAD_SERVICE_HOST: 'x', PORT: '1' })).toEqual([
    'BULKHEAD_RUN_CPU is not an option; did you mean BULKHEAD_RUN_CPU_MS?',
  ]);
  expect(() => completeOptions({ prot: 1 } as object)).toThrow('There is no option "prot"; did you mean port?');
});

test('an empty variable counts as absent', () => {
  expect(readOptions({}, { BULKHEAD_PORT: '' })).toEqual({});
});

test.each([
  ['BULKHEAD_PORT', '70000'],
  ['BULKHEAD_PORT', '30x'],
  ['BULKHEAD_PORT', '1.5'],
  ['BULKHEAD_PORT', 'true'],
  ['BULKHEAD_PORT', '0x1004'],
  ['BULKHEAD_PUBLIC_URL', 'http://[bad'],
  ['BULKHEAD_RUN_TIMEOUT_MS', '-1'],
  ['BULKHEAD_RUN_TIMEOUT_MS', '5s'],
  ['BULKHEAD_RUN_MEMORY_MB', '1'],
  ['BULKHEAD_LOG', 'loud'],
  ['BULKHEAD_PUBLIC_URL', 'example.com'],
  ['BULKHEAD_TOKEN', 'two words'],
  ['BULKHEAD_ALLOW_PRIVATE_NETWORK', 'localhost,10.0.0.0/33'],
  ['BULKHEAD_ALLOW_PRIVATE_NETWORK', 'http://localhost'],
  ['BULKHEAD_ALLOW_PRIVATE_NETWORK', 'localhost,'],
  ['BULKHEAD_RUN_RESPONSE_BYTES', '0'],
  ['BULKHEAD_CORS_ORIGINS', '*'],
  ['BULKHEAD_CORS_ORIGINS', 'app.example.com'],
  ['BULKHEAD_CORS_ORIGINS', 'https://app.example.com,https://app.example.com/'],
  ['BULKHEAD_CORS_ORIGINS', 'https://*.example.com'],
  ['BULKHEAD_CORS_ORIGINS', 'file://app'],
  ['BULKHEAD_KEEP_ALIVE_MS', '0'],
])('%s=%s does not parse', (name, value) => {
  expect(() => readOptions({}, { [name]: value })).toThrow(new RegExp(`^${name}.* is not valid: it .*\\.$`));
});

test('a token that does not parse is not shown', () => {
  expect(() => readOptions({}, { BULKHEAD_TOKEN: 'secret words' })).toThrow(/^(?!.*secret)/);
});

test('an embedder gets the same checks and defaults', () => {
  expect(() => completeOptions({ port: -1 })).toThrow('the option port (-1) is not valid');
  expect(completeOptions({})).not.toHaveProperty('token');
});

test('an invalid entry is named', () => {
  const given = { BULKHEAD_ALLOW_PRIVATE_NETWORK: 'erp.internal, 10.0.0.0/8, 127.1' };
  expect(() => readOptions({}, given)).toThrow('"127.1" is not one');
  expect(() => completeOptions({ allowPrivateNetwork: 5 as never })).toThrow('the option allowPrivateNetwork (5)');
  const good = { BULKHEAD_ALLOW_PRIVATE_NETWORK: 'erp.internal, 10.0.0.0/8, ::1' };
  expect(readOptions({}, good)).toEqual({ allowPrivateNetwork: 'erp.internal, 10.0.0.0/8, ::1' });
});

test('--help prints every row', () => {
  for (const { flag, environment } of Object.values(optionTable)) {
    expect(helpText()).toContain(`--${flag} `);
    expect(helpText()).toContain(environment);
  }
});
