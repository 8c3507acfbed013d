/** `/integrations/{_id}/state`: a connector's own key–value state (contract 4). */
import Type from '#typebox';
import { requestError } from '../errors.ts';
import { integrationOf } from '../integration/service.ts';
import { STATE_KEYS_MAX } from '../store/stored.ts';
import { bodyLimitsOf, readJson } from './body.ts';
import { type ApiContext, accountOf, change, integrationIdOf, replyJson, unitOf } from './context.ts';
import { assertPreconditions, isNotModified, stateEtagOf } from './preconditions.ts';
import { etagHeaders, notModified } from './replies.ts';
import { type Route, route } from './route.ts';
import { AnyJson, StateKeys } from './schemas.ts';
import { tasks } from './state-tasks.ts';

const KEY_CHARS = 256;
const VALUE_BYTES = 1024 * 1024;

export const stateRoutes: readonly Route[] = [
  route.get('/integrations/{_id}/state', {
    scope: 'read',
    runs: 'own',
    tag: 'state',
    summary: "Lists the keys of a connector's state",
    replies: { 200: { description: 'The keys.', schema: StateKeys } },
    errors: ['not_found'],
    async handle(ctx, { service }) {
      const unit = await unitOf(ctx, service, integrationIdOf(ctx));
      integrationOf(unit);
      // In memory and in files, keys like 7 come first; in a database, all are in the order of their first writes.
      replyJson(ctx, { keys: [...unit.state.keys()].sort() });
    },
  }),
  route.get('/integrations/{_id}/state/{key}', {
    scope: 'read',
    runs: 'own',
    tag: 'state',
    summary: 'Reads a value of the state',
    headers: ['If-None-Match'],
    replies: { 200: { description: 'The value.', schema: AnyJson, headers: etagHeaders }, 304: notModified },
    errors: ['not_found', 'invalid_field'],
    async handle(ctx, { service }) {
      const key = keyOf(ctx);
      const unit = await unitOf(ctx, service, integrationIdOf(ctx));
      integrationOf(unit);
      const value = unit.state.get(key);
      if (!value) throw noSuchKey();
      const etag = stateEtagOf(unit, key) as string;
      ctx.set('ETag', etag);
      replyText(ctx, 'application/json; charset=utf-8', value.text);
      if (isNotModified(ctx, etag)) ctx.status = 304;
    },
  }),
  route.put('/integrations/{_id}/state/{key}', {
    scope: 'integrations',
    runs: 'own',
    tag: 'state',
    summary: 'Writes a value of the state',
    headers: ['If-Match', 'If-None-Match'],
    body: { schema: AnyJson, isRequired: false },
    replies: {
      200: {
        description: '`Created` or `OK`.',
        schema: Type.Enum(['Created', 'OK']),
        type: 'text/plain',
        headers: etagHeaders,
      },
    },
    errors: ['not_found', 'invalid_field', 'precondition_failed', 'conflict'],
    async handle(ctx, { service }) {
      const key = keyOf(ctx);
      const body = await readJson(ctx);
      if (body.length > VALUE_BYTES) {
        throw requestError('request_too_large', { message: `A value has at most ${VALUE_BYTES} bytes.` });
      }
      const input = { body, limits: bodyLimitsOf(ctx) };
      const { text } = await service.work.run(tasks, 'stateValue', input, body.length, accountOf(ctx));
      const [isNew, etag] = await change(ctx, service, integrationIdOf(ctx), (unit) => {
        integrationOf(unit);
        assertPreconditions(ctx, stateEtagOf(unit, key));
        const isNew = !unit.state.has(key);
        if (isNew && unit.state.size >= STATE_KEYS_MAX) {
          throw requestError('invalid_field', { field: '', message: `A state has at most ${STATE_KEYS_MAX} keys.` });
        }
        unit.putState(key, text);
        return [isNew, stateEtagOf(unit, key) as string] as const;
      });
      ctx.set('ETag', etag);
      replyText(ctx, 'text/plain; charset=utf-8', isNew ? 'Created' : 'OK');
    },
  }),
  route.delete('/integrations/{_id}/state/{key}', {
    scope: 'integrations',
    runs: 'own',
    tag: 'state',
    summary: 'Removes a value of the state',
    headers: ['If-Match', 'If-None-Match'],
    replies: { 200: { description: 'Removed.', schema: Type.Literal('OK'), type: 'text/plain' } },
    errors: ['not_found', 'invalid_field', 'precondition_failed', 'conflict'],
    async handle(ctx, { service }) {
      const key = keyOf(ctx);
      await change(ctx, service, integrationIdOf(ctx), (unit) => {
        integrationOf(unit);
        const etag = stateEtagOf(unit, key);
        if (etag === undefined) throw noSuchKey();
        assertPreconditions(ctx, etag);
        unit.removeState(key);
      });
      replyText(ctx, 'text/plain; charset=utf-8', 'OK');
    },
  }),
];

function keyOf({ params: { key = '' } }: ApiContext): string {
  if (key.length <= KEY_CHARS) return key;
  throw requestError('invalid_field', { field: 'key', message: `A key has at most ${KEY_CHARS} characters.` });
}

const noSuchKey = (): Error => requestError('not_found', { message: 'There is no value under this key.' });

function replyText(ctx: ApiContext, type: string, text: string | Buffer): void {
  ctx.status = 200;
  ctx.type = type;
  ctx.body = text;
}
