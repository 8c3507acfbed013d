import { useState } from 'preact/hooks';
import { asString } from '../api/json.ts';
import { stepsOf } from './flow-steps.ts';
import type { FlowRecord } from './flow-types.ts';
import { NextTimes } from './next-times.tsx';
import { describeSchedule } from './schedule.ts';
import { ScheduleEditor } from './schedule-editor.tsx';

interface ScheduleCardProps {
  readonly flow: FlowRecord;
  readonly onSaved: () => Promise<unknown>;
}

/** When a flow starts by itself, and the form that changes it. */
export function ScheduleCard({ flow, onSaved }: ScheduleCardProps) {
  const [isEditing, setIsEditing] = useState(false);
  const schedule = asString(flow.schedule) ?? '';
  const timezone = asString(flow.timezone) ?? 'UTC';
  const ofExports = stepsOf(flow).flatMap(({ role, fields }) =>
    role === 'Export' ? (asString(fields.schedule) ?? []) : [],
  );
  return (
    <section class="card stack" aria-labelledby="schedule-title">
      <div class="row apart">
        <h2 id="schedule-title">Schedule</h2>
        <button type="button" class="button small" onClick={() => setIsEditing(true)}>
          Change the schedule
        </button>
      </div>
      {schedule.trim() === '' ? (
        <p class="muted">No schedule: the flow starts by hand, or when a webhook receives something.</p>
      ) : (
        <>
          <p>
            {describeSchedule(schedule)} <span class="muted">({timezone})</span>
          </p>
          {flow.disabled === true ? (
            <p class="muted small">The flow is off, so it does not start.</p>
          ) : (
            <NextTimes schedule={schedule} timezone={timezone} />
          )}
        </>
      )}
      {ofExports.map((text) => (
        <p key={text} class="small">
          One of its exports starts the flow, too: {describeSchedule(text)} ({timezone}).
        </p>
      ))}
      {isEditing && <ScheduleEditor flow={flow} onSaved={onSaved} onClose={() => setIsEditing(false)} />}
    </section>
  );
}
