/** What the handlers share: who asks, in which unit of work, and how a record is shown. */
import type { Context } from 'koa';
import type { Grant } from '../broker/one-time-tokens.ts';
import { requestError } from '../errors.ts';
import type { changeWithTask } from '../integration/change-with-task.ts';
import type { Service } from '../integration/service.ts';
import type { JsonObject } from '../json.ts';
import { isObjectId } from '../store/object-id.ts';
import { UnitOfWork } from '../store/unit-of-work.ts';
import type { Trace } from '../trace-context.ts';
import type { Account } from '../work/work.ts';
import { isKnown } from './preconditions.ts';

export interface ApiState {
  requestId: string;
  trace: Trace;
  /** Absent: the administrator asks. */
  grant?: Grant;
  /** Of a request within this process, whose body comes over no socket. */
  body?: Buffer;
  /** Where the router does not know it. */
  route?: string;
}
export type ApiContext = Context & { state: ApiState; params: Record<string, string> };

/** Of users: what they ask for is not counted against anybody. */
const USERS: Account = Object.freeze({ owner: 'users', charge() {} });

/** Whose work a request is. */
export const accountOf = ({ state: { grant } }: ApiContext): Account => grant ?? USERS;

/** The id in the path. @throws RequestError 403 for another's with a one-time token, 404 for no id */
export function integrationIdOf(ctx: ApiContext): string {
  const id = ctx.params.id as string;
  const { grant } = ctx.state;
  if (grant && grant.integrationId !== id) throw requestError('access_restricted');
  if (!isObjectId(id)) throw requestError('not_found', { message: 'There is no such integration.' });
  return id;
}

/** For what is not a run's to do, its own integration or not. */
export function assertAdministrator(ctx: ApiContext): void {
  if (ctx.state.grant) throw requestError('access_restricted');
}

/**
 * A run reads and writes in its own unit of work, a request in one that ends with it. A run whose requests
 * count one by one sees what others have stored since.
 */
export async function unitOf(ctx: ApiContext, service: Service, integrationId: string): Promise<UnitOfWork> {
  const unit = runsUnit(ctx);
  if (!unit) return UnitOfWork.open(service.store, integrationId);
  if (ctx.state.grant?.isTransactional === false) await unit.refresh();
  return unit;
}

/** Changes an integration: for a request at once and durably, for a run with its commit, unless it commits each. */
export async function change<T>(
  ctx: ApiContext,
  service: Service,
  integrationId: string,
  work: (unit: UnitOfWork) => T,
): Promise<T> {
  const unit = runsUnit(ctx);
  if (!unit) return UnitOfWork.change(service.store, integrationId, work);
  return ctx.state.grant?.isTransactional ? work(unit) : unit.changeAtOnce(work);
}

/** Where a request's changes that tasks make are read and written. */
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

/** An entity tag for a record as it is shown: it changes with every write, and while an update goes on. */
export function etagOf(unit: UnitOfWork, record: JsonObject): string {
  const modified = Date.parse(String(record.lastModified)).toString(36);
  const isUpdating = record.updateInProgress === true ? '-u' : '';
  return `"${unit.revisionOf(String(record._id)).toString(36)}-${modified}${isUpdating}"`;
}

/**
 * Replies JSON. As text: what is none, koa compares with the classes of `fetch`, and Node then loads its
 * own: 15 MB, and 40 ms of the first reply.
 */
export function replyJson(ctx: Context, value: unknown): void {
  replyJsonText(ctx, JSON.stringify(value));
}

/** The same of what is text already. */
export function replyJsonText(ctx: Context, text: string | Buffer): void {
  ctx.set('Content-Type', 'application/json; charset=utf-8');
  ctx.body = text;
}

/** Replies a record's JSON with its entity tag, or 304 if the client has it (RFC 9110, 13.1.2). */
export function replyRecord(ctx: ApiContext, record: string | Buffer, etag: string): void {
  ctx.set('ETag', etag);
  ctx.status = 200;
  replyJsonText(ctx, record);
  if (isKnown(ctx, etag)) ctx.status = 304;
}

export const flag = (ctx: ApiContext, name: string): boolean => ctx.query[name] === 'true' || ctx.query[name] === '';
