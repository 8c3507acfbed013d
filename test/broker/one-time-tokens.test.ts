/** One-time tokens: whose they are, and until when. */
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

test('a token is found as long as its run goes on, and what it let in knows when that is over', async () => {
  const { tokens, token, grant, revoke } = await issued();
  const found = tokens.find(token);
  expect(found).toMatchObject({ runId: grant.runId, isLive: true });
  expect(found?.signal.aborted).toBe(false);
  revoke();
  expect(tokens.find(token)).toBeUndefined();
  expect([found?.isLive, found?.signal.aborted]).toEqual([false, true]);
});

test('nothing that resembles a token is one', async () => {
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

test('its fifteen minutes are counted by a clock that nobody sets', async () => {
  const { tokens, token } = await issued();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 365 * 24 * 3_600_000 });
  expect(tokens.find(token)).toBeDefined();
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 0 });
  vi.setSystemTime(-1e9);
  expect(tokens.find(token)).toBeDefined();
});

test('after fifteen minutes it is dead, whether its run is or not', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  const { tokens, token } = await issued();
  vi.advanceTimersByTime(15 * 60_000 - 1);
  expect(tokens.find(token)).toBeDefined();
  vi.advanceTimersByTime(1);
  expect(tokens.find(token)).toBeUndefined();
});

test('is taken out of texts, whole or by its secret half', async () => {
  const { token, redact } = await issued();
  const [runId, secret = ''] = token.split('.');
  expect(redact(`a ${token} b ${secret} ${runId}`)).toBe(`a [redacted] b [redacted] ${runId}`);
});
