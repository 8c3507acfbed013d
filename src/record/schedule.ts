/** When a flow is due. Pure. */
import { Cron } from 'croner';
import type { JsonObject } from '../json.ts';
import type { FieldProblem } from './record.ts';

/** The original writes six fields that begin with `?`; cron has five. In both, `?` means any value. */
function patternOf(schedule: string): string {
  const fields = schedule.trim().split(/\s+/);
  if (fields.length === 6 && fields[0] === '?') fields[0] = '0';
  return fields.map((field) => (field === '?' ? '*' : field)).join(' ');
}

/** Seconds, too, are allowed in the first of six fields. */
const FIELDS = [5, 6];
const SCHEDULE_CHARS = 200;
/** Different schedules of one flow. Each is computed on the event loop. */
const SCHEDULES_MAX = 50;

/** @throws Error if the schedule or the time zone is not valid, or there is no such time */
export function cronOf(schedule: string, timezone: string | undefined): Cron {
  const pattern = patternOf(schedule);
  if (schedule.length > SCHEDULE_CHARS || !FIELDS.includes(pattern.split(' ').length)) {
    throw new Error('must have five fields, or six that begin with ?');
  }
  const cron = new Cron(pattern, { timezone: timezone ?? 'UTC', paused: true, mode: '5-or-6-parts' });
  // Croner reads the time zone when it computes.
  if (!cron.nextRun(new Date(0))) throw new Error('is never due');
  return cron;
}

export interface FlowSchedule {
  readonly schedule: string;
  readonly timezone?: string | undefined;
}

/** The schedules of a flow: its own, and those of its exports. */
export function schedulesOf(flow: JsonObject): FlowSchedule[] {
  if (flow.disabled === true) return [];
  const timezone = typeof flow.timezone === 'string' ? flow.timezone : undefined;
  const generators = Array.isArray(flow.pageGenerators) ? flow.pageGenerators : [];
  const texts = [flow.schedule, ...generators.map((step) => (step as JsonObject | null)?.schedule)];
  const schedules = texts.filter((text): text is string => typeof text === 'string' && text.trim() !== '');
  return [...new Set(schedules)].slice(0, SCHEDULES_MAX + 1).map((schedule) => ({ schedule, timezone }));
}

/** What is wrong with a flow's schedules. */
export function scheduleProblems(flow: JsonObject): FieldProblem[] {
  const schedules = schedulesOf({ ...flow, disabled: false });
  if (schedules.length > SCHEDULES_MAX) {
    const message = `a flow has at most ${SCHEDULES_MAX} different schedules`;
    return [{ code: 'invalid_field', field: 'pageGenerators', message }];
  }
  return schedules.flatMap(({ schedule, timezone }): FieldProblem[] => {
    try {
      cronOf(schedule, timezone);
      return [];
    } catch (error) {
      const isZone = timezone !== undefined && !isTimeZone(timezone);
      const field = isZone ? 'timezone' : 'schedule';
      const message = isZone
        ? 'timezone must be a name of the IANA time zone database, such as Europe/Berlin'
        : `schedule is not valid: ${(error as Error).message}`;
      return [{ code: 'invalid_field', field, message }];
    }
  });
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** The last time that a schedule was due, up to now. */
export function lastDue({ schedule, timezone }: FlowSchedule, now: Date): Date | undefined {
  // Croner looks at times before the reference.
  return cronOf(schedule, timezone).previousRuns(1, new Date(now.getTime() + 1_000))[0];
}
