/** One-time tokens: which run they belong to, and when they expire. */
import { afterEach, expect, test, vi } from 'vitest';
import { OneTimeTokens } from '../../src/broker/one-time-tokens.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { UnitOfWork } from '../../src/store/unit-of-work.ts';
import { newId } from '../support/documents.ts';

afterEach(() => void vi.useRealTimers());

async function issued() {
  const tokens = new OneTimeTokens();
  const integrationId = newId();
  const unit = await UnitOfWork.open(createMemoryStore(), integrationId);
  const granted = { runId: newId(), connectorId: newId(), integrationId, unit, isTransactional: true };
  return { tokens, ...tokens.issue(granted) };
}

test('a token works while its run lasts, and its grant is told when the run ends', async () => {
  const { tokens, token, grant, revoke } = await issued();
  const found = tokens.find(token);
  expect(found).toMatchObject({ runId: grant.runId, isLive: true });
  expect(found?.signal.aborted).toBe(false);
  revoke();
  expect(tokens.find(token)).toBeUndefined();
  expect([found?.isLive, found?.signal.aborted]).toEqual([false, true]);
});

test('similar tokens are not accepted', async () => {
  const { tokens, token, grant } = await issued();
  const [, secret = ''] = token.split('.');
  for (const other of [
    '',
    '.',
    grant.runId,
    `${grant.runId}.`,
    `.${secret}`,
    `${token}x`,
    token.slice(0, -1),
    `${grant.runId}.${'é'.repeat(secret.length)}`,
    `__proto__.${secret}`,
  ]) {
    expect(tokens.find(other), other).toBeUndefined();
  }
});

test('its fifteen minutes are counted by a monotonic clock', async () => {
  const { tokens, token } = await issued();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 365 * 24 * 3_600_000 });
  expect(tokens.find(token)).toBeDefined();
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 0 });
  vi.setSystemTime(-1e9);
  expect(tokens.find(token)).toBeDefined();
});

test('after fifteen minutes it expires, even if its run still lasts', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  const { tokens, token } = await issued();
  vi.advanceTimersByTime(15 * 60_000 - 1);
  expect(tokens.find(token)).toBeDefined();
  vi.advanceTimersByTime(1);
  expect(tokens.find(token)).toBeUndefined();
});

test('is redacted in texts, whole or its secret half alone', async () => {
  const { token, redact } = await issued();
  const [runId, secret = ''] = token.split('.');
  expect(redact(`a ${token} b ${secret} ${runId}`)).toBe(`a [redacted] b [redacted] ${runId}`);
});
