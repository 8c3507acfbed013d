/** Shared by handlers: the caller, the unit of work, replies. */
import type { Context } from 'koa';
import type { Grant } from '../broker/one-time-tokens.ts';
import { requestError } from '../errors.ts';
import type { changeWithTask } from '../integration/change-with-task.ts';
import type { Service } from '../integration/service.ts';
import type { JsonObject } from '../json.ts';
import type { Caller } from '../store/audit.ts';
import { isObjectId } from '../store/object-id.ts';
import { UnitOfWork } from '../store/unit-of-work.ts';
import type { Trace } from '../trace-context.ts';
import type { Account } from '../work/work.ts';
import type { Operation } from './operation.ts';
import { isNotModified } from './preconditions.ts';
import type { CallerToken } from './token-authority.ts';

export interface ApiState {
  requestId: string;
  trace: Trace;
  /** Grant of the calling run. */
  grant?: Grant;
  /** The caller's access token. Without it and without a grant, the administrator calls. */
  token?: CallerToken;
  /** The body of an in-process request, which comes over no socket. */
  body?: Buffer;
  /** The matched route; for the dashboard only its path. */
  route?: Pick<Operation, 'path' | 'query' | 'body'>;
}
export type ApiContext = Context & { state: ApiState; params: Record<string, string> };

/** Work for users is charged to nobody. */
const USERS: Account = Object.freeze({ owner: 'users', charge() {} });

/** Who is charged for a request's work. */
export const accountOf = ({ state: { grant } }: ApiContext): Account => grant?.account ?? USERS;

/** Aborts when nobody waits for the answer any more: the run has ended, or the client has disconnected. */
export function abortSignalOf({ state: { grant }, res }: ApiContext): AbortSignal {
  if (grant) return grant.signal;
  const disconnected = new AbortController();
  res.once('close', () => disconnected.abort());
  return disconnected.signal;
}

const ADMINISTRATOR: Caller = Object.freeze({ type: 'administrator' });

/** The request's caller, for the audit log. A run's requests use the author of its unit. */
export const callerOf = ({ state: { token } }: ApiContext): Caller => token?.caller ?? ADMINISTRATOR;

/** The integration's id in the path. @throws RequestError 404 if it is not an id */
export function integrationIdOf({ params: { _id: id = '' } }: ApiContext): string {
  if (!isObjectId(id)) throw requestError('not_found', { message: 'There is no such integration.' });
  return id;
}

/**
 * A run's requests share the run's unit of work; any other request has its own. A run that is not transactional
 * sees what others have stored since.
 */
export async function unitOf(ctx: ApiContext, service: Service, integrationId: string): Promise<UnitOfWork> {
  const unit = runsUnit(ctx);
  if (!unit) return UnitOfWork.open(service.store, integrationId);
  if (ctx.state.grant?.isTransactional === false) await unit.refresh();
  return unit;
}

/** Changes an integration: at once and durably, or with the commit of a transactional run. */
export async function change<T>(
  ctx: ApiContext,
  service: Service,
  integrationId: string,
  work: (unit: UnitOfWork) => T,
): Promise<T> {
  const unit = runsUnit(ctx);
  if (!unit) return UnitOfWork.change(service.store, integrationId, work, { by: callerOf(ctx) });
  return ctx.state.grant?.isTransactional ? work(unit) : unit.changeAtOnce(work);
}

/** How a task reads and changes an integration for a request. */
export function changingOf(
  ctx: ApiContext,
  service: Service,
  integrationId: string,
): Parameters<typeof changeWithTask>[0] {
  return {
    work: service.work,
    account: accountOf(ctx),
    units: {
      open: () => unitOf(ctx, service, integrationId),
      change: (work) => change(ctx, service, integrationId, work),
    },
  };
}

function runsUnit({ state: { grant } }: ApiContext): UnitOfWork | undefined {
  if (grant && !grant.isLive) throw requestError('unauthorized');
  return grant?.unit;
}

/** The entity tag of a record as shown: it changes with every write, and while an update runs. */
export function etagOf(unit: UnitOfWork, record: JsonObject): string {
  const modified = Date.parse(String(record.lastModified)).toString(36);
  const isUpdating = record.updateInProgress === true ? '-u' : '';
  return `"${unit.revisionOf(String(record._id)).toString(36)}-${modified}${isUpdating}"`;
}

/**
 * Replies JSON, as text: koa compares objects with the classes of `fetch`, which makes Node load its own.
 * That costs 15 MB, and 40 ms of the first reply.
 */
export function replyJson(ctx: Context, value: unknown): void {
  replyJsonText(ctx, JSON.stringify(value));
}

/** Replies JSON text. */
export function replyJsonText(ctx: Context, text: string | Buffer): void {
  ctx.set('Content-Type', 'application/json; charset=utf-8');
  ctx.body = text;
}

/** Replies a record's JSON with its entity tag, or 304 if the client has it (RFC 9110, 13.1.2). */
export function replyRecord(ctx: ApiContext, record: string | Buffer, etag: string): void {
  ctx.set('ETag', etag);
  ctx.status = 200;
  replyJsonText(ctx, record);
  if (isNotModified(ctx, etag)) ctx.status = 304;
}

export const flag = (ctx: ApiContext, name: string): boolean => ctx.query[name] === 'true' || ctx.query[name] === '';
