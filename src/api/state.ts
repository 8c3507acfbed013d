/** `/integrations/{id}/state`: a connector's own key–value state (contract 4). */
import type { Router } from '@koa/router';
import { requestError } from '../errors.ts';
import { integrationOf, type Service } from '../integration/service.ts';
import { STATE_KEYS_MAX } from '../store/stored.ts';
import { bodyLimitsOf, readJson } from './body.ts';
import { type ApiContext, accountOf, change, integrationIdOf, replyJson, unitOf } from './context.ts';
import { assertPreconditions, isKnown, stateEtagOf } from './preconditions.ts';
import { tasks } from './state-tasks.ts';

const KEY_CHARS = 256;
const VALUE_BYTES = 1024 * 1024;

export function stateRoutes(router: Router, service: Service): void {
  router.get('/integrations/:id/state', async (context) => {
    const ctx = context as ApiContext;
    const unit = await unitOf(ctx, service, integrationIdOf(ctx));
    integrationOf(unit);
    replyJson(ctx, { keys: [...unit.state.keys()] });
  });

  router.get('/integrations/:id/state/:key', async (context) => {
    const ctx = context as ApiContext;
    const key = keyOf(ctx);
    const unit = await unitOf(ctx, service, integrationIdOf(ctx));
    integrationOf(unit);
    const value = unit.state.get(key);
    if (!value) throw noSuchKey();
    const etag = stateEtagOf(unit, key) as string;
    ctx.set('ETag', etag);
    replyText(ctx, 'application/json; charset=utf-8', value.text);
    if (isKnown(ctx, etag)) ctx.status = 304;
  });

  router.put('/integrations/:id/state/:key', async (context) => {
    const ctx = context as ApiContext;
    const key = keyOf(ctx);
    const body = await readJson(ctx);
    if (body.length > VALUE_BYTES) {
      throw requestError('request_too_large', { message: `A value is ${VALUE_BYTES} bytes at the most.` });
    }
    const input = { body, limits: bodyLimitsOf(ctx) };
    const { text } = await service.work.run(tasks, 'stateValue', input, body.length, accountOf(ctx));
    const [isNew, etag] = await change(ctx, service, integrationIdOf(ctx), (unit) => {
      integrationOf(unit);
      assertPreconditions(ctx, stateEtagOf(unit, key));
      const isNew = !unit.state.has(key);
      if (isNew && unit.state.size >= STATE_KEYS_MAX) {
        throw requestError('invalid_field', { field: '', message: `There are ${STATE_KEYS_MAX} keys at the most.` });
      }
      unit.putState(key, text);
      return [isNew, stateEtagOf(unit, key) as string] as const;
    });
    ctx.set('ETag', etag);
    replyText(ctx, 'text/plain; charset=utf-8', isNew ? 'Created' : 'OK');
  });

  router.delete('/integrations/:id/state/:key', async (context) => {
    const ctx = context as ApiContext;
    const key = keyOf(ctx);
    await change(ctx, service, integrationIdOf(ctx), (unit) => {
      integrationOf(unit);
      const etag = stateEtagOf(unit, key);
      if (etag === undefined) throw noSuchKey();
      assertPreconditions(ctx, etag);
      unit.removeState(key);
    });
    replyText(ctx, 'text/plain; charset=utf-8', 'OK');
  });
}

function keyOf({ params: { key = '' } }: ApiContext): string {
  if (key.length <= KEY_CHARS) return key;
  throw requestError('invalid_field', { field: 'key', message: `A key is ${KEY_CHARS} characters at the most.` });
}

const noSuchKey = (): Error => requestError('not_found', { message: 'There is no value under this key.' });

function replyText(ctx: ApiContext, type: string, text: string | Buffer): void {
  ctx.status = 200;
  ctx.type = type;
  ctx.body = text;
}
