/** Which scheduled flows run next. */
import type { Cron } from 'croner';
import { type FlowSchedule, schedulesOf } from '../record/schedule.ts';
import type { Store } from '../store/store.ts';
import { TimeSlice } from '../work/time-slice.ts';

/** A schedule of a flow, with the time when it is due next, computed once for each such time. */
export class PlannedSchedule {
  readonly schedule: FlowSchedule;
  readonly cron: Cron;
  #nextMs = 0;

  constructor(schedule: FlowSchedule, cron: Cron) {
    this.schedule = schedule;
    this.cron = cron;
  }

  /** Milliseconds since 1970; infinite if it is never due again. */
  nextMs(nowMs: number): number {
    if (this.#nextMs <= nowMs) this.#nextMs = this.cron.nextRun(new Date(nowMs))?.getTime() ?? Number.POSITIVE_INFINITY;
    return this.#nextMs;
  }
}

export interface PlannedFlow {
  readonly integrationId: string;
  readonly schedules: readonly PlannedSchedule[];
}

/** The next run of a flow. */
export interface UpcomingRun {
  readonly _flowId: string;
  readonly _integrationId: string;
  readonly name: string;
  readonly integrationName: string;
  readonly schedule: string;
  readonly timezone: string;
  /** ISO 8601. */
  readonly nextAt: string;
}

export interface UpcomingQuery {
  readonly limit: number;
  readonly nowMs: number;
  /** Absent: all integrations. */
  readonly integrationIds?: ReadonlySet<string> | undefined;
}

interface Candidate {
  readonly flowId: string;
  readonly integrationId: string;
  readonly schedule: FlowSchedule;
  readonly atMs: number;
}

/** The flows that run next, soonest first, each once. @param planned flows by id */
export async function upcomingRuns(
  store: Pick<Store, 'get'>,
  planned: ReadonlyMap<string, PlannedFlow>,
  query: UpcomingQuery,
): Promise<UpcomingRun[]> {
  const runs: UpcomingRun[] = [];
  for (const candidate of await soonest(planned, query)) {
    const run = await runOf(store, candidate);
    if (run) runs.push(run);
  }
  return runs;
}

async function soonest(
  planned: ReadonlyMap<string, PlannedFlow>,
  { limit, nowMs, integrationIds }: UpcomingQuery,
): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  const slice = new TimeSlice();
  for (const [flowId, { integrationId, schedules }] of planned) {
    if (slice.isOver) await slice.next();
    const [first, ...others] = schedules;
    if (!first || integrationIds?.has(integrationId) === false) continue;
    const next = others.reduce((best, each) => (each.nextMs(nowMs) < best.nextMs(nowMs) ? each : best), first);
    const candidate = { flowId, integrationId, schedule: next.schedule, atMs: next.nextMs(nowMs) };
    const isSooner = found.length < limit || candidate.atMs < (found.at(-1)?.atMs ?? 0);
    if (candidate.atMs === Number.POSITIVE_INFINITY || !isSooner) continue;
    const after = found.findIndex(({ atMs }) => atMs > candidate.atMs);
    found.splice(after < 0 ? found.length : after, 0, candidate);
    if (found.length > limit) found.pop();
  }
  return found;
}

/** Undefined if another node has changed the flow, and this one has not planned it anew. */
async function runOf(store: Pick<Store, 'get'>, candidate: Candidate): Promise<UpcomingRun | undefined> {
  const { flowId, integrationId, schedule, atMs } = candidate;
  const document = await store.get(integrationId);
  const flow = document?.flows.get(flowId);
  if (!document || !flow || flow.isLarge) return undefined;
  const isCurrent = schedulesOf(flow.value).some(
    (each) => each.schedule === schedule.schedule && each.timezone === schedule.timezone,
  );
  if (!isCurrent) return undefined;
  return {
    _flowId: flowId,
    _integrationId: integrationId,
    name: String(flow.value.name),
    integrationName: String(document.integration.head.name),
    schedule: schedule.schedule,
    timezone: schedule.timezone ?? 'UTC',
    nextAt: new Date(atMs).toISOString(),
  };
}
