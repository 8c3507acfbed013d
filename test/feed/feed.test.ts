/** Limits of the feed: what it retains, for whom, and what it skips without followers. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { Feed, FOLLOWERS, type Follower, type FollowOptions } from '../../src/feed/feed.ts';

const DAY = new Date('2026-11-24T08:00:00Z');
const nobody = { onEvents: () => {}, onEnd: () => {} };

function feedWith(options: Partial<FollowOptions> = {}): { feed: Feed; follower: Follower } {
  const feed = new Feed(DAY);
  onTestFinished(() => feed.close());
  return { feed, follower: followed(feed, options) };
}
function followed(feed: Feed, options: Partial<FollowOptions> = {}): Follower {
  const follower = feed.follow({ ...nobody, ...options });
  if (!follower) throw new Error('no room');
  return follower;
}
const tell = (feed: Feed, count: number, text = 'x'): void => {
  for (let each = 0; each < count; each++) feed.publish('run.log', undefined, () => ({ text }));
};
/** Number of events available. */
function takeAll(follower: Follower): number {
  let count = 0;
  for (let text = follower.take(); text !== ''; text = follower.take()) count += text.split('\n\n').length - 1;
  return count;
}

test('without followers, an event is only counted', () => {
  const feed = new Feed(DAY);
  const dataOf = vi.fn(() => ({}));
  feed.publish('run.log', undefined, dataOf);
  expect(dataOf).not.toHaveBeenCalled();
  const follower = followed(feed);
  expect([takeAll(follower), follower.lastEventId]).toEqual([0, `${DAY.getTime()}-1`]);
  feed.publish('run.log', undefined, dataOf);
  expect([dataOf.mock.calls.length, takeAll(follower), follower.lastEventId]).toEqual([1, 1, `${DAY.getTime()}-2`]);
  feed.close();
  feed.publish('run.log', undefined, dataOf);
  expect(dataOf).toHaveBeenCalledTimes(1);
});

test('events are retained for slow followers, up to a number and a size', () => {
  const { feed, follower } = feedWith();
  tell(feed, 4_096);
  expect(follower.isLost).toBe(false);
  const prompt = followed(feed);
  tell(feed, 1);
  expect([follower.isLost, prompt.isLost]).toEqual([true, false]);

  const { feed: other, follower: behind } = feedWith();
  tell(other, 2_000, 'x'.repeat(2_000));
  expect(behind.isLost).toBe(false);
  tell(other, 200, 'x'.repeat(2_000));
  expect(behind.isLost).toBe(true);
  expect((other.newest - other.oldest + 1) * 2_000).toBeLessThan(4 * 1024 * 1024);
});

test('a follower gets every event once, in batches of limited size', () => {
  const { feed, follower } = feedWith();
  tell(feed, 300, 'ü'.repeat(1_000));
  const piece = follower.take();
  expect(piece.length).toBeLessThan(70_000);
  tell(feed, 5);
  expect(piece.split('\n\n').length - 1 + takeAll(follower)).toBe(305);
});

test('events are retained for a minute after the last follower has left', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { feed, follower } = feedWith();
  tell(feed, 1);
  takeAll(follower);
  const { lastEventId } = follower;
  follower.leave();
  tell(feed, 2);
  vi.advanceTimersByTime(59_000);
  const again = followed(feed, { lastEventId });
  expect(takeAll(again)).toBe(2);
  again.leave();
  again.leave();
  vi.advanceTimersByTime(60_000);
  tell(feed, 1);
  expect(followed(feed, { lastEventId: again.lastEventId }).take()).toContain('event: reset');
});

test('texts and lists are truncated, and a line break in a text does not break the stream', () => {
  const { feed, follower } = feedWith();
  feed.publish('connector.refused', undefined, () => ({
    errors: Array(20).fill({ message: `a\n\r\u2028${'x'.repeat(3_000)}` }),
  }));
  const lines = follower.take().split('\n');
  expect(lines.map((line) => line.split(':')[0])).toEqual(['id', 'event', 'data', '', '']);
  const { errors } = JSON.parse((lines[2] ?? '').slice('data: '.length));
  expect([errors.length, errors[0].message.length]).toEqual([10, 2_001]);
});

test('followers are limited, none is accepted after closing, and all are told of the end', () => {
  const onEnd = vi.fn();
  const { feed, follower } = feedWith({ onEnd });
  for (let count = 1; count < FOLLOWERS; count++) followed(feed, { onEnd });
  expect(feed.follow(nobody)).toBeUndefined();
  follower.leave();
  followed(feed, { onEnd });
  feed.close();
  expect(onEnd).toHaveBeenCalledTimes(FOLLOWERS);
  expect(feed.follow(nobody)).toBeUndefined();
});
