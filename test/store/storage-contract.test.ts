/** The contract of the storage port, run on every engine. Documents have their own suite (store-contract). */
import { describe, expect, test } from 'vitest';
import { RUNS_RETAINED, type RunStore, type Storage, type StoredRun } from '../../src/store/storage.ts';
import { allOf } from '../support/all-of.ts';
import { newId } from '../support/documents.ts';
import { engines } from '../support/storages.ts';

interface Run extends StoredRun {
  readonly outcome: string;
  readonly text: string;
}

const runOf = (_integrationId: string, outcome = 'succeeded', text = 'größe \ud800 \0'): Run => ({
  _id: newId(),
  _integrationId,
  outcome,
  text,
});
const runsOf = ({ runs }: Storage): RunStore<Run> => runs as RunStore<Run>;
const idsOf = (runs: readonly StoredRun[]): string[] => runs.map(({ _id }) => _id);

describe.each(engines)('%s', (_name, open) => {
  describe('runs', () => {
    test('ended runs are found by integration and id; the last hundred are listed, oldest first', async () => {
      const runs = runsOf(await open());
      const [one, two] = [newId(), newId()];
      const many = Array.from({ length: RUNS_RETAINED + 60 }, () => runOf(one));
      const other = runOf(two);
      // In another order than they began.
      await runs.write({ ended: [many.slice(80), many.slice(0, 80), [other]] });
      expect(await runs.idsOf(one)).toEqual(idsOf(many.slice(-RUNS_RETAINED)));
      expect(await runs.newestOf(one)).toBe(many.at(-1)?._id);
      expect(await runs.find(one, many.at(-1)?._id as string)).toEqual(many.at(-1));
      expect(await runs.find(two, many.at(-1)?._id as string)).toBeUndefined();
      // Asked at once, as for a page of a list.
      const id = other._id;
      expect(
        await Promise.all([runs.find(one, id), runs.find(two, id), runs.find(two, id), runs.find(two, '')]),
      ).toEqual([undefined, other, other, undefined]);
      expect(await Promise.all([runs.newestOf(two), runs.newestOf(newId()), runs.newestOf(one)])).toEqual([
        id,
        undefined,
        many.at(-1)?._id,
      ]);
      expect(await runs.integrationIds()).toEqual([one, two].sort());
      await runs.forget(one);
      expect([await runs.idsOf(one), await runs.newestOf(one), await runs.integrationIds()]).toEqual([
        [],
        undefined,
        [two],
      ]);
    });

    test('neither running nor dropped runs are listed', async () => {
      const runs = runsOf(await open());
      const id = newId();
      const [running, dropped] = [runOf(id, 'running'), runOf(id, 'running')];
      await runs.write({ running: [running, dropped] });
      await runs.write({ dropped: [dropped._id] });
      expect(await runs.idsOf(id)).toEqual([]);
      const ended = { ...running, outcome: 'failed' };
      await runs.write({ ended: [[ended]] });
      expect(await runs.find(id, running._id)).toEqual(ended);
    });
  });

  test('rows of runs: the last hundred runs, oldest first, and running ones as cut off', async () => {
    const runs = runsOf(await open());
    const [id, other] = [newId(), newId()];
    const many = Array.from({ length: RUNS_RETAINED + 60 }, () => runOf(id));
    const running = runOf(id, 'running');
    await runs.write({ ended: [many.slice(130), many.slice(0, 50), many.slice(50, 130)], running: [running] });
    await runs.write({ running: [runOf(other, 'running')] });
    const rows = await allOf(runs.rowsOf(id));
    // One of the last hundred is the running one, and the row of the first has older runs, too.
    expect(rows).toEqual([many.slice(50, 130), many.slice(130), [{ ...running, outcome: 'cut_off' }]]);
    expect((await runs.integrationIds()).sort()).toEqual([id, other].sort());
    expect(await allOf(runs.rowsOf(newId()))).toEqual([]);
  });

  test('rows that another storage lists are listed the same once they are written', async () => {
    const [one, two] = [runsOf(await open()), runsOf(await open())];
    const id = newId();
    for (let i = 0; i < 30; i++) await one.write({ ended: [Array.from({ length: 7 }, () => runOf(id))] });
    const rows = await allOf(one.rowsOf(id));
    for (const row of rows) await two.write({ ended: [row] });
    expect(await allOf(two.rowsOf(id))).toEqual(rows);
    expect(await two.idsOf(id)).toEqual(await one.idsOf(id));
  });

  describe('idempotency', () => {
    const creation = { kind: 'integrations', id: 'a'.repeat(24), status: 201 };
    const request = { request: 'digest', creation };
    const reply = (body: string) => ({ status: 201, headers: { ETag: '"1"' }, body });

    test('a key begins once, and has its reply once finished', async () => {
      const { idempotency } = await open();
      expect(await idempotency.find('k')).toBeUndefined();
      expect(await idempotency.begin('k', request)).toBe(true);
      expect(await idempotency.begin('k', { ...request, request: 'other' })).toBe(false);
      expect(await idempotency.find('k')).toEqual(request);
      expect(await idempotency.unfinished()).toEqual([{ key: 'k', creation }]);
      await idempotency.finish('k', reply('{}'));
      expect(await idempotency.find('k')).toEqual({ ...request, reply: reply('{}') });
      expect(await idempotency.unfinished()).toEqual([]);
      await idempotency.drop('k');
      expect(await idempotency.begin('k', request)).toBe(true);
    });

    test('a key expires after 24 hours', async () => {
      let now = 1_000_000;
      const { idempotency } = await open(() => now);
      await idempotency.begin('k', request);
      await idempotency.finish('k', reply('1'));
      now += 24 * 3_600_000 - 1;
      expect(await idempotency.find('k')).toEqual({ ...request, reply: reply('1') });
      now += 1;
      expect(await idempotency.find('k')).toBeUndefined();
      expect(await idempotency.begin('k', { ...request, request: 'other' })).toBe(true);
      expect(await idempotency.find('k')).toEqual({ ...request, request: 'other' });
    });

    test('every request is listed by key with its time, and can be put into another storage', async () => {
      let now = 1_000_000;
      const clock = (): number => now;
      const [one, two] = [(await open(clock)).idempotency, (await open(clock)).idempotency];
      for (const key of ['b', 'a', 'größe', 'unfinished']) {
        await one.begin(key, request);
        now++;
      }
      for (const key of ['b', 'a', 'größe']) await one.finish(key, reply(`{"key":"${key} ä \\u0000"}`));
      const all = await allOf(one.all());
      expect(all.map(({ key, at }) => [key, at])).toEqual([
        ['a', 1_000_001],
        ['b', 1_000_000],
        ['größe', 1_000_002],
        ['unfinished', 1_000_003],
      ]);
      await two.put(all);
      expect(await allOf(two.all())).toEqual(all);
      // Again, as after an interruption.
      await two.put(all.slice(1, 3));
      expect(await allOf(two.all())).toEqual(all);
      expect(await two.find('a')).toEqual({ ...request, reply: reply('{"key":"a ä \\u0000"}') });
      expect(await two.unfinished()).toEqual([{ key: 'unfinished', creation }]);
      now = 1_000_001 + 24 * 3_600_000;
      expect([await two.find('a'), await two.begin('a', request)]).toEqual([undefined, true]);
    });

    test('large requests are listed, too', async () => {
      const { idempotency } = await open();
      const bodies = [3, 1, 2].map((size) => 'ä'.repeat(size * 300_000));
      for (const [index, body] of bodies.entries()) {
        await idempotency.begin(`k${index}`, request);
        await idempotency.finish(`k${index}`, reply(body));
      }
      const listed = await allOf(idempotency.all());
      expect(listed.map(({ reply: stored }) => stored?.body.length)).toEqual([900_000, 300_000, 600_000]);
    });

    test('the newest 64 MiB of replies are stored, and all running requests', async () => {
      let now = 1_000_000;
      const { idempotency } = await open(() => now++);
      await idempotency.begin('running', request);
      const large = 'x'.repeat(8 * 1024 * 1024);
      for (let i = 0; i < 10; i++) {
        await idempotency.begin(`k${i}`, request);
        await idempotency.finish(`k${i}`, reply(large));
      }
      const known: number[] = [];
      for (let i = 0; i < 10; i++) if (await idempotency.find(`k${i}`)) known.push(i);
      expect(known.length).toBeLessThanOrEqual(7);
      expect(known.at(-1)).toBe(9);
      expect(await idempotency.unfinished()).toEqual([{ key: 'running', creation }]);
    });
  });

  test('permissions: a record replaces the previous one, unless it is added as the first', async () => {
    const { permissions } = await open();
    const _id = newId();
    await permissions.put({ _id, fetch: ['https://a.example'] });
    await permissions.put({ _id, fetch: [] });
    expect(await permissions.all()).toEqual([{ connectorId: _id, record: { _id, fetch: [] } }]);
    expect(await permissions.add({ _id, fetch: ['https://b.example'] })).toBe(false);
    expect(await permissions.all()).toEqual([{ connectorId: _id, record: { _id, fetch: [] } }]);
    expect(permissions.wereLost).toBe(false);
    await permissions.markLost();
    expect(permissions.wereLost).toBe(true);
  });

  test('bundles: byte for byte, newest first, gone when removed', async () => {
    const { bundles } = await open();
    const [one, two] = [newId(), newId()];
    const digest = (char: string): string => `sha256-${char.repeat(64)}`;
    await bundles.write(one, digest('a'), Buffer.from([0, 255, 13, 10]));
    await bundles.write(two, digest('b'), Buffer.alloc(0));
    expect(await bundles.read(one, digest('a'))).toEqual(Buffer.from([0, 255, 13, 10]));
    expect((await bundles.list()).map(({ connectorId }) => connectorId).sort()).toEqual([one, two].sort());
    await bundles.remove(one, digest('a'));
    await bundles.remove(one, digest('a'));
    expect(await bundles.list()).toEqual([{ connectorId: two, digest: digest('b') }]);
    await expect(bundles.read(one, digest('a'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('tokens: the last hash', async () => {
    const { tokens } = await open();
    expect(await tokens.adminTokenHash()).toBeUndefined();
    expect(await tokens.ensureAdminTokenHash('c'.repeat(64))).toBe('c'.repeat(64));
    expect(await tokens.ensureAdminTokenHash('d'.repeat(64))).toBe('c'.repeat(64));
    await tokens.setAdminTokenHash('a'.repeat(64));
    await tokens.setAdminTokenHash('b'.repeat(64));
    expect(await tokens.adminTokenHash()).toBe('b'.repeat(64));
  });
});
