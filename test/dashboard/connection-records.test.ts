/** What the form of a connection makes of records, whatever they look like. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/dashboard/api/json.ts';
import { authTypeOf, isMoved, needsCredentials, recordToSave } from '../../src/dashboard/connections/credentials.ts';
import { headerNameOf, keyFieldsOf, withHeader, withKey, withoutKey } from '../../src/dashboard/connections/keys.ts';
import { valueAt, withValue } from '../../src/dashboard/connections/record-values.ts';

const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;
/** Anything where the form expects something in particular. */
const record: fc.Arbitrary<JsonObject> = fc.record(
  {
    name: fc.string().map((name) => name.trim()),
    type: fc.constantFrom('http', 'rest', 'wrapper', 'netsuite', 5),
    http: fc.oneof(
      json,
      fc.record(
        { auth: json, headers: json, encrypted: json, encryptedFields: json, ping: json },
        { requiredKeys: [] },
      ),
    ),
    rest: json,
    wrapper: fc.oneof(json, fc.record({ encrypted: json, encryptedFields: json }, { requiredKeys: [] })),
    unknown: json,
  },
  { requiredKeys: ['name'] },
);

test('a record that was not touched is saved as it was read', () => {
  fc.assert(
    fc.property(record, (read) => {
      expect(recordToSave(read, read)).toEqual(read);
      expect([isMoved(read, read), needsCredentials(read, read)]).toEqual([false, false]);
    }),
  );
});

test('a changed value changes nothing else', () => {
  fc.assert(
    fc.property(record, json, (read, value) => {
      const changed = recordToSave(withValue(read, 'http.unknown', value), read);
      expect(valueAt(changed, 'http.unknown')).toEqual(value);
      const { http: _before, ...before } = read;
      const { http: _after, ...after } = changed;
      expect(after).toEqual(before);
    }),
  );
});

test('keys are added and removed without a trace, in records of any shape', () => {
  fc.assert(
    fc.property(record, fc.constantFrom('http', 'wrapper'), fc.string({ minLength: 1 }), (read, base, id) => {
      fc.pre(!keyFieldsOf(read, base, 'encrypted').some((field) => field.id === id));
      const added = withKey(read, base, 'encrypted', { id, label: 'Label' });
      expect(keyFieldsOf(added, base, 'encrypted')).toContainEqual(expect.objectContaining({ id, label: 'Label' }));
      const sent = withHeader(added, id, 'X-Key');
      expect(headerNameOf(sent, id)).toBe('X-Key');
      const removed = withoutKey(sent, base, 'encrypted', id);
      expect(keyFieldsOf(removed, base, 'encrypted')).toEqual(keyFieldsOf(read, base, 'encrypted'));
      expect(headerNameOf(removed, id)).toBe('');
    }),
  );
});

describe('another authentication', () => {
  const stored: JsonObject = {
    name: 'n',
    type: 'http',
    http: { auth: { type: 'basic', basic: { username: '******', password: '******' }, failPath: 'x' }, rateLimit: 1 },
  };

  test.each(['token', 'oauth', 'custom', 'none'])(
    '%s: the credentials of the one before go, and nothing else',
    (type) => {
      const saved = recordToSave(withValue(stored, 'http.auth.type', type), stored);
      expect(saved.http).toEqual({ auth: { type, failPath: 'x' }, rateLimit: 1 });
      expect(authTypeOf(saved)).toBe(type);
    },
  );

  test('one that the form does not know stays as it is', () => {
    const cookie = withValue(stored, 'http.auth', { type: 'cookie', cookie: { uri: '/login', body: '******' } });
    expect(authTypeOf(cookie)).toBe('other');
    expect(recordToSave(cookie, cookie)).toEqual(cookie);
  });
});
