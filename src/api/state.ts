/** `/integrations/{id}/state`: a connector's own key–value state (contract 4). */
import type { Router } from '@koa/router';
import { requestError } from '../errors.ts';
import { integrationOf, type Service } from '../integration/service.ts';
import { isStorable } from '../json.ts';
import { readJson } from './body.ts';
import { type ApiContext, change, integrationIdOf, replyJson, unitOf } from './context.ts';
import { assertPreconditions, isKnown, stateEtagOf } from './preconditions.ts';

const KEY_CHARS = 256;
const KEYS = 1_000;
const VALUE_BYTES = 1024 * 1024;
const DEPTH_LIMIT = 100;

export function stateRoutes(router: Router, service: Service): void {
  router.get('/integrations/:id/state', async (context) => {
    const ctx = context as ApiContext;
    const unit = await unitOf(ctx, service, integrationIdOf(ctx));
    integrationOf(unit);
    replyJson(ctx, { keys: Object.keys(unit.state) });
  });

  router.get('/integrations/:id/state/:key', async (context) => {
    const ctx = context as ApiContext;
    const key = keyOf(ctx);
    const unit = await unitOf(ctx, service, integrationIdOf(ctx));
    integrationOf(unit);
    const etag = stateEtagOf(unit, key);
    if (etag === undefined) throw noSuchKey();
    ctx.set('ETag', etag);
    replyText(ctx, 'application/json; charset=utf-8', JSON.stringify(unit.state[key]));
    if (isKnown(ctx, etag)) ctx.status = 304;
  });

  router.put('/integrations/:id/state/:key', async (context) => {
    const ctx = context as ApiContext;
    const key = keyOf(ctx);
    const { text, value } = (await readJson(ctx)) ?? { text: '{}', value: {} };
    if (Buffer.byteLength(text) > VALUE_BYTES) {
      throw requestError('request_too_large', { message: `A value is ${VALUE_BYTES} bytes at the most.` });
    }
    if (!isStorable(value, DEPTH_LIMIT)) {
      throw requestError('invalid_field', { field: '', message: `A value nests ${DEPTH_LIMIT} levels at the most.` });
    }
    const [isNew, etag] = await change(ctx, service, integrationIdOf(ctx), (unit) => {
      integrationOf(unit);
      assertPreconditions(ctx, stateEtagOf(unit, key));
      const isNew = !Object.hasOwn(unit.state, key);
      if (isNew && Object.keys(unit.state).length >= KEYS) {
        throw requestError('invalid_field', { field: '', message: `There are ${KEYS} keys at the most.` });
      }
      unit.putState(key, value);
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

function replyText(ctx: ApiContext, type: string, text: string): void {
  ctx.status = 200;
  ctx.type = type;
  ctx.body = text;
}
