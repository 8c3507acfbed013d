/** `/events`: what happens, as server-sent events (contract 4; WHATWG HTML, 9.2). */
import type { ServerResponse } from 'node:http';
import type { Router } from '@koa/router';
import Type from '#typebox';
import { requestError } from '../errors.ts';
import { type Feed, FOLLOWERS, type Follower } from '../feed/feed.ts';
import type { Activity } from '../integration/activity.ts';
import { isObjectId } from '../store/object-id.ts';
import { ObjectId } from '../store/store.ts';
import { type ApiContext, assertAdministrator } from './context.ts';
import { queryOf } from './query.ts';

/** A comment this often tells both sides, and what is in between, that the other is there. */
const HEARTBEAT_MS = 15_000;
/** Who has taken nothing of what was sent for this long is not there any more. */
const STALLED_MS = 60_000;
/** When a client that was cut off comes back. */
const RETRY_MS = 2_000;

export const EventQuery = Type.Object({ _integrationId: Type.Optional(ObjectId) });

export function eventRoutes(router: Router, feed: Feed, activity: Activity): void {
  router.get('/events', (context) => {
    const ctx = context as ApiContext;
    assertAdministrator(ctx);
    const integrationId = queryOf(ctx, '_integrationId');
    if (integrationId !== undefined && !isObjectId(integrationId)) {
      throw requestError('invalid_query_params', { message: '_integrationId is no id' });
    }
    if (ctx.method === 'HEAD') return begin(ctx);
    const stream = new EventStream(ctx.res);
    const lastEventId = ctx.get('Last-Event-ID') || undefined;
    const follower = feed.follow({
      integrationId,
      lastEventId,
      onEvents: () => stream.send(),
      onEnd: () => stream.end(),
    });
    if (!follower) {
      throw requestError('overloaded', { message: `There are ${FOLLOWERS} connections to /events at the most.` });
    }
    // It lasts as long as its client likes: it is nothing that has to end before the runtime may.
    activity.end();
    ctx.res.prependOnceListener('close', () => activity.begin());
    begin(ctx);
    ctx.respond = false;
    stream.start(follower);
  });
}

function begin(ctx: ApiContext): void {
  ctx.status = 200;
  ctx.set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store, no-transform',
    // nginx would keep events back until it has a page of them.
    'X-Accel-Buffering': 'no',
  });
}

/** One connection. What it has not taken yet waits in the feed; of it alone, no more than one piece. */
class EventStream {
  readonly #response: ServerResponse;
  #follower: Follower | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #stalledSince: number | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  start(follower: Follower): void {
    this.#follower = follower;
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS).unref();
    this.#response
      .on('drain', () => {
        this.#stalledSince = undefined;
        this.send();
      })
      .once('close', () => {
        clearInterval(this.#heartbeat);
        follower.leave();
      });
    this.#response.write(`retry: ${RETRY_MS}\nid: ${follower.lastEventId}\n\n`);
    this.send();
  }

  send(): void {
    const [response, follower] = [this.#response, this.#follower];
    if (!follower || response.destroyed) return;
    // What it would get next is gone: it comes back, and is told so.
    if (follower.isLost) return void response.destroy();
    while (!response.writableNeedDrain) {
      const text = follower.take();
      if (text === '') return;
      response.write(text);
    }
    this.#stalledSince ??= performance.now();
  }

  /** At once, whatever it has not taken. */
  end(): void {
    if (this.#response.writableLength > 0) this.#response.destroy();
    else this.#response.end();
  }

  #beat(): void {
    const stalledMs = this.#stalledSince === undefined ? 0 : performance.now() - this.#stalledSince;
    if (stalledMs > STALLED_MS) return void this.#response.destroy();
    if (this.#response.writableNeedDrain || this.#response.destroyed) return;
    // With the place up to which it has nothing to fear; without data it is no event.
    this.#response.write(`: still here\nid: ${this.#follower?.lastEventId}\n\n`);
  }
}
