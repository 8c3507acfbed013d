/** Access tokens and the audit log, on every engine of the storage port. */
import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  type AuditEntry,
  type AuditedEvent,
  type Author,
  ENTRIES_RETAINED,
  entryMaker,
} from '../../src/store/audit.ts';
import { Part } from '../../src/store/part.ts';
import type { Storage, StoredToken } from '../../src/store/storage.ts';
import { UnitOfWork } from '../../src/store/unit-of-work.ts';
import { newId } from '../support/documents.ts';
import { engines } from '../support/storages.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

function tokenOf(createdAt: string, more: Partial<StoredToken> = {}): StoredToken {
  const _id = newId();
  return { hash: hash('sha256', _id), record: { _id, createdAt, name: 'größe \ud83d\ude00 \0' }, revision: 1, ...more };
}

const administrator: Author = { by: { type: 'administrator' } };
const make = entryMaker();
const entries = (count: number, more: Partial<AuditedEvent> = {}, author = administrator): AuditEntry[] =>
  make(
    author,
    Array.from({ length: count }, () => ({ event: 'update', resourceType: 'server', ...more })),
  );
const idsIn = (all: readonly { readonly _id: string }[]): string[] => all.map(({ _id }) => _id);

describe.each(engines)('%s', (_name, open) => {
  describe('access tokens', () => {
    test('are found by hash and id, and listed oldest first', async () => {
      const { accessTokens } = await open();
      const [second, first, third] = ['02', '01', '03'].map((day) => tokenOf(`2026-01-${day}T00:00:00.000Z`)) as [
        StoredToken,
        StoredToken,
        StoredToken,
      ];
      await accessTokens.add([second, first]);
      await accessTokens.add([third]);
      expect(await accessTokens.find(first.hash)).toEqual(first);
      expect(await accessTokens.get(third.record._id)).toEqual(third);
      // Asked at once, as by many requests.
      expect(
        await Promise.all(
          [first, third, first].map(({ hash }) => accessTokens.find(hash)).concat(accessTokens.find('no')),
        ),
      ).toEqual([first, third, first, undefined]);
      expect(await accessTokens.list(undefined, 2)).toEqual([first, second]);
      expect(await accessTokens.list([second.record.createdAt, second.record._id], 9)).toEqual([third]);
      expect(await accessTokens.count()).toBe(3);
      await expect(accessTokens.add([first])).rejects.toThrow();
    });

    test('are replaced and removed only in the revision that was read, with their entries', async () => {
      const { accessTokens, audit } = await open();
      const token = tokenOf('2026-01-01T00:00:00.000Z');
      const { _id } = token.record;
      const all = entries(5);
      await accessTokens.add([token], all.slice(0, 1));
      const next = {
        ...token,
        record: { ...token.record, name: 'other' },
        revision: 2,
        expiresAt: Date.now() + MINUTE_MS,
      };
      expect(await accessTokens.replace(next, all.slice(1, 2))).toBe(true);
      expect(await accessTokens.replace(next, all.slice(2, 3))).toBe(false);
      expect(await accessTokens.find(token.hash)).toEqual(next);
      expect(await accessTokens.remove(_id, 1, all.slice(3, 4))).toBe(false);
      expect(await accessTokens.remove(_id, 2, all.slice(4))).toBe(true);
      expect([await accessTokens.find(token.hash), await accessTokens.get(_id)]).toEqual([undefined, undefined]);
      expect(idsIn(await audit.list({ after: undefined, limit: 9 }))).toEqual(
        idsIn([0, 1, 4].map((n) => all[n] as AuditEntry)),
      );
    });

    test('an expired one is not found by anything, and removed by `expire`', async () => {
      let now = 1_000_000;
      const { accessTokens } = await open(() => now);
      const [lasting, expiring] = [
        tokenOf('2026-01-01T00:00:00.000Z'),
        tokenOf('2026-01-02T00:00:00.000Z', { expiresAt: now + 1 }),
      ];
      await accessTokens.add([lasting, expiring]);
      expect(await accessTokens.expire()).toEqual([]);
      expect(await accessTokens.find(expiring.hash)).toEqual(expiring);
      now += 1;
      expect(await accessTokens.find(expiring.hash)).toBeUndefined();
      expect(await accessTokens.get(expiring.record._id)).toBeUndefined();
      expect(await accessTokens.list(undefined, 9)).toEqual([lasting]);
      expect(await accessTokens.expire()).toEqual([expiring]);
      expect([await accessTokens.expire(), await accessTokens.count()]).toEqual([[], 1]);
    });

    test('uses are noted at most once a minute, and stay when the token is replaced', async () => {
      const { accessTokens } = await open();
      const token = tokenOf('2026-01-01T00:00:00.000Z');
      await accessTokens.add([token]);
      const { _id } = token.record;
      await accessTokens.used(_id, 10 * MINUTE_MS);
      await accessTokens.used(_id, 10 * MINUTE_MS + 59 * SECOND_MS);
      await accessTokens.used(newId(), 10 * MINUTE_MS);
      expect((await accessTokens.get(_id))?.lastUsedAt).toBe(10 * MINUTE_MS);
      await accessTokens.used(_id, 11 * MINUTE_MS);
      await accessTokens.replace({ ...token, revision: 2 }, []);
      expect((await accessTokens.get(_id))?.lastUsedAt).toBe(11 * MINUTE_MS);
    });
  });

  describe('audit log', () => {
    test('is listed by time in either order, and filtered', async () => {
      const { audit } = await open();
      const _resourceId = newId();
      const all = entries(6).map((entry, n) => ({
        ...entry,
        ...(n % 2 === 0 ? { _resourceId } : {}),
        time: `2026-01-0${n + 1}T00:00:00.000Z`,
      }));
      await audit.add(all.slice(3));
      await audit.add(all.slice(0, 3));
      // Again, as after an interruption.
      await audit.add(all.slice(2, 4));
      const list = async (query: object): Promise<number[]> => {
        const found = await audit.list({ after: undefined, limit: 99, ...query });
        return found.map(({ _id }) => all.findIndex((entry) => entry._id === _id));
      };
      expect(await audit.list({ after: undefined, limit: 1 })).toEqual([all[0]]);
      expect(await list({})).toEqual([0, 1, 2, 3, 4, 5]);
      expect(await list({ newestFirst: true, limit: 2 })).toEqual([5, 4]);
      expect(await list({ after: [all[2]?.time, all[2]?._id] })).toEqual([3, 4, 5]);
      expect(await list({ after: [all[2]?.time, all[2]?._id], newestFirst: true })).toEqual([1, 0]);
      expect(await list({ resourceId: _resourceId })).toEqual([0, 2, 4]);
      expect(await list({ from: all[1]?.time, to: all[3]?.time })).toEqual([1, 2]);
      expect(await list({ resourceId: _resourceId, from: all[1]?.time, newestFirst: true, limit: 1 })).toEqual([4]);
    });

    test('retains the newest of people and of each connector apart', async () => {
      const { audit } = await open();
      const run = { _id: newId(), _connectorId: newId() };
      const byPeople = entries(3);
      await audit.add(byPeople);
      const install = entries(1, { event: 'install', resourceType: 'integration' }, { ...administrator, run });
      await audit.add(install);
      const byRuns = entries(ENTRIES_RETAINED + 2_000, {}, { ...administrator, run });
      for (let at = 0; at < byRuns.length; at += 500) await audit.add(byRuns.slice(at, at + 500));
      await expect
        .poll(async () => {
          const found: AuditEntry[] = [];
          for (let last: AuditEntry | undefined; ; ) {
            const page = await audit.list({ after: last && [last.time, last._id], limit: 5_000 });
            found.push(...page);
            last = page.at(-1);
            if (page.length < 5_000) break;
          }
          const runs = found.filter((entry) => entry.run && entry.event === 'update');
          expect(idsIn(found).slice(0, 3)).toEqual(idsIn(byPeople));
          expect(idsIn(found)).toContain(install[0]?._id);
          expect(runs.length).toBeGreaterThanOrEqual(ENTRIES_RETAINED);
          return runs.length;
        })
        .toBeLessThanOrEqual(ENTRIES_RETAINED + 1_000);
    });
  });

  describe('entries of commits', () => {
    const log = async ({ audit }: Storage): Promise<AuditEntry[]> => audit.list({ after: undefined, limit: 999 });
    const integrationOf = (_id: string, more: object = {}) => ({
      _id,
      createdAt: AT,
      lastModified: AT,
      name: 'one',
      ...more,
    });
    const AT = '2026-01-01T00:00:00.000Z';

    test('what was made, changed and removed, by whom, and which fields', async () => {
      const storage = await open();
      const [id, connection, runId, connectorId] = [newId(), newId(), newId(), newId()];
      const author: Author = {
        by: { type: 'token', _id: newId(), name: 'größe' },
        run: { _id: runId, _connectorId: connectorId },
      };
      const change = (work: (unit: UnitOfWork) => void, by: Author | undefined = author) =>
        UnitOfWork.change(storage.documents, id, work, by);
      await change((unit) => unit.putIntegration(integrationOf(id)));
      await change((unit) => {
        unit.putIntegration(integrationOf(id, { name: 'two' }), Part.ofValue({ a: { b: 'sealed' } }));
        unit.putRecord('connections', { ...integrationOf(connection), http: { auth: { token: 'a' } } });
      });
      await change((unit) =>
        unit.putIntegration(integrationOf(id, { name: 'two' }), Part.ofValue({ a: { b: 'other' } })),
      );
      await change((unit) => {
        unit.putRecord('connections', {
          ...integrationOf(connection),
          http: { auth: { token: 'b' } },
          hasOwnProperty: 'x' as never,
          valueOf: 'y' as never,
        });
      });
      // Nothing but the date, and a connector's own state.
      await change((unit) =>
        unit.putIntegration(integrationOf(id, { name: 'two', lastModified: '2026-02-01T00:00:00.000Z' })),
      );
      await change((unit) => unit.putState('own', Buffer.from('1')));
      await change((unit) => unit.putState('users', Buffer.from('1')), administrator);
      await change((unit) => unit.putState('nobodys', Buffer.from('1')), undefined);
      await change((unit) => unit.removeAll(), administrator);
      const found = await log(storage);
      const shown = found.map(({ event, resourceType, _resourceId, fieldChanges }) => [
        event,
        resourceType,
        _resourceId,
        fieldChanges?.map(({ fieldPath }) => fieldPath),
      ]);
      expect(shown).toEqual([
        ['create', 'integration', id, undefined],
        ['update', 'integration', id, ['name', 'settings']],
        ['create', 'connection', connection, undefined],
        ['update', 'integration', id, ['settings.a.b']],
        ['update', 'connection', connection, ['http.auth.token', 'hasOwnProperty', 'valueOf']],
        ['update', 'state', id, ['users']],
        ['delete', 'integration', id, undefined],
      ]);
      expect(found[2]).toMatchObject({ by: author.by, run: author.run, name: 'one', _integrationId: id });
      expect(found.at(-1)).toMatchObject({ by: administrator.by });
      expect(found.at(-1)).not.toHaveProperty('run');
      expect(JSON.stringify(found)).not.toMatch(/sealed|other/);
      expect(idsIn(found)).toEqual(idsIn(found).toSorted());
    });

    test('many records at once are counted; a large one is not compared', async () => {
      const storage = await open();
      const id = newId();
      await UnitOfWork.change(storage.documents, id, (unit) => unit.putIntegration(integrationOf(id)), administrator);
      await UnitOfWork.change(
        storage.documents,
        id,
        (unit) => {
          for (let n = 0; n < 1_000; n++) unit.putRecord('flows', integrationOf(newId()));
        },
        administrator,
      );
      const found = await log(storage);
      expect(found).toHaveLength(101);
      expect(found.at(-1)).toMatchObject({ omitted: 900 });
      const large = (text: string) => ({ ...integrationOf('f'.repeat(24)), text: text.repeat(400_000) });
      for (const text of ['a', 'b']) {
        await UnitOfWork.change(
          storage.documents,
          id,
          (unit) => {
            const record = large(text);
            unit.putRecord('flows', {
              text: Buffer.from(JSON.stringify(record)),
              head: integrationOf(record._id),
              references: [],
            });
          },
          administrator,
        );
      }
      const last = (await log(storage)).at(-1);
      expect(last).toMatchObject({ event: 'update', resourceType: 'flow', _resourceId: 'f'.repeat(24) });
      expect(last).not.toHaveProperty('fieldChanges');
    });

    test('however long names of fields are, and however many, an entry stays small', async () => {
      const storage = await open();
      const id = newId();
      const put = (value: number) => {
        const names = Array.from({ length: 120 }, (_, n) => `${n}${'ä'.repeat(n % 2 === 0 ? 10 : 300)}`);
        const settings = Object.fromEntries(names.map((name) => [name, value]));
        return (unit: UnitOfWork) => unit.putIntegration(integrationOf(id), Part.ofValue(settings));
      };
      for (const value of [1, 2]) await UnitOfWork.change(storage.documents, id, put(value), administrator);
      const last = (await log(storage)).at(-1);
      expect(last?.fieldChanges?.length).toBeGreaterThan(5);
      expect(JSON.stringify(last).length).toBeLessThan(4_000);
    });

    test('nothing is written for a change that is refused', async () => {
      const storage = await open();
      const id = newId();
      const refuse = (unit: UnitOfWork): void => {
        unit.putIntegration(integrationOf(id));
        throw new Error('refused');
      };
      await expect(UnitOfWork.change(storage.documents, id, refuse, administrator)).rejects.toThrow('refused');
      expect(await log(storage)).toEqual([]);
    });

    test('changes of many integrations that come together have all their entries', async () => {
      const storage = await open();
      const ids = Array.from({ length: 40 }, () => newId());
      const put = (name: string) => (id: string) =>
        UnitOfWork.change(
          storage.documents,
          id,
          (unit) => unit.putIntegration(integrationOf(id, { name })),
          administrator,
        );
      await Promise.all(ids.map(put('a')));
      await Promise.all(ids.map(put('b')));
      const found = await log(storage);
      const updated = found.filter(({ event }) => event === 'update').map(({ _resourceId }) => _resourceId);
      expect(found).toHaveLength(80);
      expect(updated.toSorted()).toEqual(ids.toSorted());
    });
  });
});
