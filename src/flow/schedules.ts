/** Starts flows when they are due. Every node tries; the store admits one job per due time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { cronOf, type FlowSchedule, lastDue, schedulesOf } from '../record/schedule.ts';
import type { Document } from '../store/document.ts';
import type { Part } from '../store/part.ts';
import type { Store, StoreChange } from '../store/store.ts';
import { TimeSlice } from '../work/time-slice.ts';
import type { FlowJobs } from './flow-jobs.ts';
import { flowLimits } from './limits.ts';
import { type PlannedFlow, PlannedSchedule, type UpcomingRun, upcomingRuns } from './upcoming.ts';

export interface SchedulesParts {
  readonly store: Store;
  readonly jobs: FlowJobs;
  readonly now: () => Date;
  /** Other nodes change flows, too. */
  readonly isShared: boolean;
  readonly onError: (error: unknown, flowId: string) => void;
}

interface Planned extends PlannedFlow {
  /** The flow's schedules as text, to notice changes. */
  readonly key: string;
}

interface ScheduledFlow {
  readonly flowId: string;
  readonly flow: Part;
}

/** Changes by other nodes are noticed within this time. */
const RESCAN_MS = 60_000;
/** Two flows that are due at the same time start this far apart on average. */
const SPREAD_PER_FLOW_MS = 5;

export class Schedules {
  readonly #parts: SchedulesParts;
  readonly #planned = new Map<string, Planned>();
  /** Changed flows to plan again, by integration. */
  readonly #changed = new Map<string, Set<string>>();
  #isPlanning = false;
  readonly #closing = new AbortController();
  #unsubscribe = (): void => {};
  #rescan: NodeJS.Timeout | undefined;

  constructor(parts: SchedulesParts) {
    this.#parts = parts;
  }

  /** Plans all flows, and starts those that were due while no node was running. */
  async start(): Promise<void> {
    this.#unsubscribe = this.#parts.store.subscribe((change) => this.#onChange(change));
    await this.#scan();
    if (this.#parts.isShared) this.#rescan = setInterval(() => void this.#scan(), RESCAN_MS).unref();
  }

  close(): void {
    this.#closing.abort();
    this.#unsubscribe();
    clearInterval(this.#rescan);
    for (const flowId of [...this.#planned.keys()]) this.#cancel(flowId);
  }

  /** The flows that run next, soonest first. @param integrationIds absent: all */
  upcoming(limit: number, integrationIds?: ReadonlySet<string>): Promise<UpcomingRun[]> {
    const { store, now } = this.#parts;
    return upcomingRuns(store, this.#planned, { limit, nowMs: now().getTime(), integrationIds });
  }

  async #scan(): Promise<void> {
    const slice = new TimeSlice();
    const seen = new Set<string>();
    try {
      for await (const document of this.#parts.store.documents()) {
        if (this.#closing.signal.aborted) return;
        const planned = await this.#planAll(document, slice);
        for (const { flowId } of planned) seen.add(flowId);
        await this.#startMissed(document.integration.head._id, planned);
        if (slice.isOver) await slice.next();
      }
      for (const flowId of [...this.#planned.keys()]) if (!seen.has(flowId)) this.#cancel(flowId);
    } catch (error) {
      this.#parts.onError(error, '');
    }
  }

  /** @returns the scheduled flows */
  async #planAll({ integration, flows }: Document, slice: TimeSlice): Promise<ScheduledFlow[]> {
    const planned: ScheduledFlow[] = [];
    for (const [flowId, flow] of flows) {
      if (this.#plan(integration.head._id, flowId, flow)) planned.push({ flowId, flow });
      if (slice.isOver) await slice.next();
    }
    return planned;
  }

  #onChange({ integrationId, before, after }: StoreChange): void {
    if (before?.flows === after?.flows) return;
    const changed = this.#changed.get(integrationId) ?? new Set<string>();
    for (const flowId of before?.flows.keys() ?? []) if (!after?.flows.has(flowId)) changed.add(flowId);
    for (const [flowId, flow] of after?.flows ?? []) if (before?.flows.get(flowId) !== flow) changed.add(flowId);
    if (changed.size === 0) return;
    this.#changed.set(integrationId, changed);
    if (!this.#isPlanning) void this.#planChanged();
  }

  /** In time slices, because one commit may change thousands of flows. */
  async #planChanged(): Promise<void> {
    this.#isPlanning = true;
    const slice = new TimeSlice();
    try {
      for (const [integrationId, flowIds] of this.#changed) {
        this.#changed.delete(integrationId);
        const flows = (await this.#parts.store.get(integrationId))?.flows;
        for (const flowId of flowIds) {
          const flow = flows?.get(flowId);
          if (this.#closing.signal.aborted) return;
          if (flow) this.#plan(integrationId, flowId, flow);
          else this.#cancel(flowId);
          if (slice.isOver) await slice.next();
        }
      }
    } catch (error) {
      this.#parts.onError(error, '');
    } finally {
      this.#isPlanning = false;
    }
  }

  /** @returns whether the flow has a schedule */
  #plan(integrationId: string, flowId: string, flow: Part): boolean {
    // Flows this large do not run.
    const schedules = flow.isLarge ? [] : schedulesOf(flow.value);
    const key = JSON.stringify(schedules);
    const existing = this.#planned.get(flowId);
    if (schedules.length === 0) {
      this.#cancel(flowId);
      return false;
    }
    if (existing?.key === key) return true;
    this.#cancel(flowId);
    const started = schedules.flatMap((schedule) => this.#schedule(integrationId, flowId, schedule));
    this.#planned.set(flowId, { key, integrationId, schedules: started });
    return true;
  }

  #schedule(integrationId: string, flowId: string, schedule: FlowSchedule): PlannedSchedule[] {
    try {
      const cron = cronOf(schedule.schedule, schedule.timezone);
      cron.schedule(() => void this.#due(integrationId, flowId, schedule));
      cron.resume();
      return [new PlannedSchedule(schedule, cron)];
    } catch {
      // Stored before schedules were checked.
      return [];
    }
  }

  #cancel(flowId: string): void {
    for (const { cron } of this.#planned.get(flowId)?.schedules ?? []) cron.stop();
    this.#planned.delete(flowId);
  }

  async #due(integrationId: string, flowId: string, schedule: FlowSchedule): Promise<void> {
    const scheduledAt = lastDue(schedule, new Date())?.toISOString();
    const spreadMs = Math.min(flowLimits.spreadMs, this.#planned.size * SPREAD_PER_FLOW_MS);
    const { signal } = this.#closing;
    try {
      await sleep(Math.random() * spreadMs, undefined, { signal, ref: false });
      if (scheduledAt !== undefined) await this.#startAt(integrationId, flowId, schedule, scheduledAt);
    } catch (error) {
      if (!signal.aborted) this.#parts.onError(error, flowId);
    }
  }

  /** Does nothing if the flow's schedule has changed since. */
  async #startAt(integrationId: string, flowId: string, schedule: FlowSchedule, scheduledAt: string): Promise<void> {
    const flow = (await this.#parts.store.get(integrationId))?.flows.get(flowId);
    const current = flow && !flow.isLarge ? schedulesOf(flow.value) : [];
    if (!current.some((each) => each.schedule === schedule.schedule && each.timezone === schedule.timezone)) return;
    await this.#parts.jobs.add(integrationId, flowId, { triggeredBy: 'schedule', scheduledAt });
  }

  /** Starts each flow once, however often it was due. */
  async #startMissed(integrationId: string, flows: readonly ScheduledFlow[]): Promise<void> {
    if (flows.length === 0) return;
    const { jobs, now, onError } = this.#parts;
    const lasts = await jobs.store.lastScheduled(flows.map(({ flowId }) => flowId));
    const slice = new TimeSlice();
    for (const { flowId, flow } of flows) {
      if (slice.isOver) await slice.next();
      const since = [lasts.get(flowId) ?? '', flow.head.lastModified].sort().at(-1) as string;
      for (const schedule of schedulesOf(flow.value)) {
        try {
          const due = lastDue(schedule, now())?.toISOString();
          if (due !== undefined && due > since) await this.#startAt(integrationId, flowId, schedule, due);
        } catch (error) {
          onError(error, flowId);
        }
      }
    }
  }
}
