/** Versions in manifests must be semantic; messages say what is wrong with others. */
import { expect, test } from 'vitest';
import { versionProblem } from '../../src/connector/version.ts';
import { connectorIdOf, serve } from '../support/runtime.ts';

test.each([
  '0.0.0',
  '1.2.3',
  '10.20.30',
  '1.0.0-alpha',
  '1.0.0-alpha.1',
  '1.0.0-0.3.7',
  '1.0.0--',
  '1.0.0-0a',
  '1.0.0+001',
  '1.0.0-x+y.z',
])('%s is valid', (version) => expect(versionProblem(version)).toBeUndefined());

test.each([
  ['2026.01.30', '01 has a leading zero'],
  ['01.2.3', '01 has a leading zero'],
  ['1.2.00', '00 has a leading zero'],
  ['1.2.3-01', '01 has a leading zero'],
  ['1.2.3-a.007', '007 has a leading zero'],
  ['v1.2.3', 'leave out the v'],
  ['1.2', 'it needs three numbers'],
  ['1', 'it needs three numbers'],
  [' 1.2.3', 'remove the surrounding blanks'],
  ['1.2.3\n', 'remove the surrounding blanks'],
  ['1.0.99999999999999999999', 'a number in it is too large'],
  ['1.2.3.4', 'such as 1.2.0'],
  ['1.2.3-', 'such as 1.2.0'],
  ['1.2.3-a..b', 'such as 1.2.0'],
  ['1.2.3-ä', 'such as 1.2.0'],
  ['1.2.3+a+b', 'such as 1.2.0'],
  ['latest', 'such as 1.2.0'],
  ['', 'such as 1.2.0'],
])('%j is invalid: %s', (version, problem) => {
  expect(versionProblem(version)).toMatch(/^must be a semantic version/);
  expect(versionProblem(version)).toContain(problem);
});

test('a bundle whose version has a leading zero is refused with that message; without it, the bundle is ready', async () => {
  const { client } = await serve({
    padded: { code: '', manifest: { version: '2026.01.30' } },
    plain: { code: '', manifest: { version: '2026.1.30' } },
  });
  const row = async (name: string) => (await client('GET', `/connectors/${await connectorIdOf(client, name)}`)).body;
  expect(await row('padded')).toMatchObject({
    status: 'invalid',
    errors: [
      {
        code: 'invalid_field',
        field: 'version',
        message: expect.stringMatching(/^version must .* 01 has a leading zero$/),
      },
    ],
  });
  expect(await row('plain')).toMatchObject({ status: 'ready', version: '2026.1.30' });
});
