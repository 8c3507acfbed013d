/** How input and answer of a run are masked without holding up the event loop. */
import { expect, onTestFinished, test } from 'vitest';
import { payloadsOf } from '../../src/integration/payloads.ts';
import { LARGE_BYTES } from '../../src/json.ts';
import { Keyring } from '../../src/record/keyring.ts';
import { UnitOfWork } from '../../src/store/unit-of-work.ts';
import { WorkPool } from '../../src/work/pool.ts';
import { newId } from '../support/documents.ts';
import { memoryStorage } from '../support/storages.ts';

const keyring = Keyring.of(['k'.repeat(32)]);

/** Masks the input and the answer of a run of an integration without records. */
async function masking(bytes = LARGE_BYTES) {
  const work = new WorkPool({ keyring });
  onTestFinished(() => work.close());
  const unit = await UnitOfWork.open(memoryStorage().documents, newId());
  const source = { connectorId: newId(), unit, token: 'a.token-of-the-run' };
  return (body: string, answer?: string) => payloadsOf({ bytes, work }, { ...source, body: Buffer.from(body), answer });
}

/** How long the event loop was held at a time, in milliseconds. */
async function longestTurn(task: () => Promise<unknown>): Promise<number> {
  let [longest, last] = [0, performance.now()];
  const turn = (): void => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  };
  const timer = setInterval(turn, 1);
  await task();
  turn();
  clearInterval(timer);
  return longest;
}

test('what is larger than the limit is not even parsed', async () => {
  const mask = await masking(20);
  expect(await mask('not JSON, and too large', 'not JSON, and too large')).toEqual({
    input: { omittedBytes: 23 },
    answer: { omittedBytes: 23 },
  });
  expect(await mask('{"a":1}', 'not JSON, and too large')).toEqual({
    input: { text: '{"a":1}' },
    answer: { omittedBytes: 23 },
  });
  // Cannot happen. If it did, nothing unmasked would be stored.
  expect(await mask('not JSON', '2')).toEqual({});
});

test('large texts, and many credentials, are masked beside the event loop', async () => {
  const mask = await masking();
  const text = JSON.stringify({ text: 'pin=1&'.repeat(20_000) });
  const secrets = JSON.stringify({ passwords: Array.from({ length: 1_500 }, (_, i) => `geheimnis ${i}`), a: 1 });
  for (const body of [text, secrets]) {
    // The first turn starts the pool.
    await mask(body, body);
    const startedAt = performance.now();
    let stored: Awaited<ReturnType<typeof mask>> = {};
    const longest = await longestTurn(async () => {
      stored = await mask(body, body);
    });
    const all = performance.now() - startedAt;
    expect(stored).toMatchObject({ input: { masked: true }, answer: { masked: true } });
    expect(longest).toBeLessThan(all / 2);
  }
});
