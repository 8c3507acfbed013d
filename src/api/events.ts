/** `/events`: server-sent events (contract 4; WHATWG HTML, 9.2). */
import type { ServerResponse } from 'node:http';
import Type from '#typebox';
import { requestError } from '../errors.ts';
import { FOLLOWERS, type Follower } from '../feed/feed.ts';
import { isObjectId } from '../store/object-id.ts';
import { ObjectId } from '../store/store.ts';
import type { ApiContext } from './context.ts';
import { badQuery, queryOf } from './query.ts';
import { assertInReach, reachOf } from './reach.ts';
import { type Route, route } from './route.ts';

/** Interval of comments, which show both sides, and proxies between them, that the connection is alive. */
const HEARTBEAT_MS = 15_000;
/** Disconnect a client that reads nothing for this long. */
const STALLED_MS = 60_000;
/** Interval of looking up an open stream's token, in addition to before each event. */
const RECHECK_MS = 2_000;
/** A disconnected client waits this long before it reconnects. */
const RETRY_MS = 2_000;

export const eventRoutes: readonly Route[] = [
  route.get('/events', {
    scope: 'read',
    tag: 'server',
    summary: 'Streams events of runs, integrations and connectors (server-sent events)',
    query: [Type.Object({ _integrationId: Type.Optional(ObjectId) })],
    headers: ['Last-Event-ID'],
    replies: {
      200: { description: 'The stream, until the client closes it.', schema: Type.String(), type: 'text/event-stream' },
    },
    errors: ['overloaded'],
    handle(ctx, { service: { activity }, feed, authority }) {
      const integrationId = queryOf(ctx, '_integrationId');
      if (integrationId !== undefined && !isObjectId(integrationId)) throw badQuery('_integrationId is not an id');
      if (integrationId !== undefined) assertInReach(ctx, integrationId);
      if (ctx.method === 'HEAD') return begin(ctx);
      const { token } = ctx.state;
      const stream = new EventStream(ctx.res, token && (() => authority.isCurrent(token)));
      const lastEventId = ctx.get('Last-Event-ID') || undefined;
      const follower = feed.follow({
        integrationIds: integrationId === undefined ? reachOf(ctx) : new Set([integrationId]),
        lastEventId,
        onEvents: () => stream.send(),
        onEnd: () => stream.end(),
      });
      if (!follower) {
        throw requestError('overloaded', { message: `/events takes at most ${FOLLOWERS} connections.` });
      }
      // close() must not wait for open streams.
      activity.end();
      ctx.res.prependOnceListener('close', () => activity.begin());
      begin(ctx);
      ctx.respond = false;
      stream.start(follower);
    },
  }),
];

function begin(ctx: ApiContext): void {
  ctx.status = 200;
  ctx.set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store, no-transform',
    // Otherwise nginx buffers events until a page of them is full.
    'X-Accel-Buffering': 'no',
  });
}

/** One connection. Events it has not taken wait in the feed; at most one piece is buffered here. */
class EventStream {
  readonly #response: ServerResponse;
  #follower: Follower | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #stalledSince: number | undefined;
  readonly #isCurrent: (() => Promise<boolean>) | undefined;
  #recheck: NodeJS.Timeout | undefined;
  /** The token is being looked up, and events wait. */
  #isChecking = false;
  /** More events have arrived meanwhile. */
  #mustCheckAgain = false;

  /** @param isCurrent whether the access token is unchanged; absent if there is nothing to check */
  constructor(response: ServerResponse, isCurrent?: () => Promise<boolean>) {
    this.#response = response;
    this.#isCurrent = isCurrent;
  }

  start(follower: Follower): void {
    this.#follower = follower;
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS).unref();
    if (this.#isCurrent) this.#recheck = setInterval(() => this.send(), RECHECK_MS).unref();
    this.#response
      .on('drain', () => {
        this.#stalledSince = undefined;
        this.send();
      })
      .once('close', () => {
        clearInterval(this.#heartbeat);
        clearInterval(this.#recheck);
        follower.leave();
      });
    this.#response.write(`retry: ${RETRY_MS}\nid: ${follower.lastEventId}\n\n`);
    this.send();
  }

  /** Sends pending events if the token is unchanged, and none that happened after a revocation. */
  send(): void {
    if (!this.#isCurrent) return this.#send();
    this.#mustCheckAgain = this.#isChecking;
    if (this.#isChecking) return;
    this.#isChecking = true;
    const newest = this.#follower?.newest;
    // If the store does not answer, the token may be revoked: disconnect, and let the client reconnect.
    this.#isCurrent()
      .catch(() => false)
      .then((isCurrent) => {
        this.#isChecking = false;
        if (!isCurrent) return this.end();
        this.#send(newest);
        if (this.#mustCheckAgain) this.send();
      });
  }

  /** @param newest the last event to send; default: the newest */
  #send(newest?: number): void {
    const [response, follower] = [this.#response, this.#follower];
    if (!follower || response.destroyed || response.writableEnded) return;
    // The feed has dropped the next events. The client learns it when it reconnects.
    if (follower.isLost) return void response.destroy();
    while (!response.writableNeedDrain) {
      const text = follower.take(newest);
      if (text === '') return;
      response.write(text);
    }
    this.#stalledSince ??= performance.now();
  }

  /** Ends at once, whether or not the client has taken everything. */
  end(): void {
    if (this.#response.writableLength > 0) this.#response.destroy();
    else this.#response.end();
  }

  #beat(): void {
    const stalledMs = this.#stalledSince === undefined ? 0 : performance.now() - this.#stalledSince;
    if (stalledMs > STALLED_MS) return void this.#response.destroy();
    if (this.#response.writableNeedDrain || this.#response.destroyed) return;
    // The id tells the client where to resume; without data this is no event.
    this.#response.write(`: still here\nid: ${this.#follower?.lastEventId}\n\n`);
  }
}
