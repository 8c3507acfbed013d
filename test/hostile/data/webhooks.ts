/** Bodies that are sent to webhooks, verified or not. */
import { atOnce, attack, type DataAttack } from './attack.ts';
import { type ReplySummary, summarize } from './reply-summary.ts';
import type { Scene } from './scene.ts';

interface Sent {
  readonly times: number;
  readonly body: string;
}

async function webhook(scene: Scene): Promise<string> {
  const { body } = await scene.client('POST', '/integrations', { name: 'hooked' });
  const fields = { _integrationId: scene.track(body._id), name: 'w', type: 'webhook', webhook: { token: 'right' } };
  return (await scene.client('POST', '/exports', fields)).body._id;
}

const received = (
  name: string,
  hostile: Sent,
  permitted: Sent,
  token = 'right',
  right?: readonly number[],
): DataAttack =>
  attack({
    name,
    dataMb: (3 * hostile.times * hostile.body.length) / 2 ** 20,
    hostile,
    permitted,
    ...(right ? { right } : {}),
    prepare: webhook,
    run: (scene, { times, body }, exportId) =>
      atOnce(times, () => scene.client('POST', `/v1/exports/${exportId}/${token}/data`, body, JSON_BODY)),
  });

const JSON_BODY = { 'content-type': 'application/json' };
const BYTES = 1024 * 1024;
const few: Sent = { times: 3, body: '[{"id":1},{"id":2}]' };

export const webhooks: readonly DataAttack[] = [
  received('messages of opening brackets', { times: 20, body: '['.repeat(BYTES) }, few),
  received('messages of half a million numbers', { times: 20, body: `{"n":[${'1,'.repeat(BYTES / 2 - 10)}1]}` }, few),
  received(
    'messages of a hundred thousand empty objects',
    { times: 20, body: `{"n":[${'{},'.repeat(BYTES / 3 - 10)}1]}` },
    few,
  ),
  received('lists of half a million numbers', { times: 20, body: `[${'1,'.repeat(BYTES / 2 - 10)}1]` }, few),
  {
    ...received(
      'a hundred large messages at once',
      { times: 100, body: JSON.stringify({ text: 'x'.repeat(BYTES - 100) }) },
      few,
    ),
    isLong: true,
  },
  {
    ...attack({
      name: 'more than may wait, in messages of a megabyte',
      dataMb: 20,
      isLong: true,
      hostile: 300,
      permitted: 3,
      prepare: webhook,
      async run({ client }, count, exportId) {
        const body = JSON.stringify({ text: 'x'.repeat(BYTES - 100) });
        const replies: ReplySummary[] = [];
        for (let i = 0; i < count; i++) {
          replies.push(summarize(await client('POST', `/v1/exports/${exportId}/right/data`, body, JSON_BODY)));
        }
        const taken = replies.filter(({ status }) => status === 204).length;
        // 256 MiB may wait.
        if (count > 256 && (taken < 250 || taken > 258)) throw new Error(`${taken} messages were taken`);
        return replies;
      },
    }),
  },
  received(
    'large messages with a wrong token',
    { times: 50, body: JSON.stringify({ text: 'x'.repeat(BYTES - 100) }) },
    { times: 1, body: '{}' },
    'wrong',
    [401],
  ),
];
