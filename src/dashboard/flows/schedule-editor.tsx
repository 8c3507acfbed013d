import { useId, useMemo, useState } from 'preact/hooks';
import { ApiError } from '../api/api-error.ts';
import { asString } from '../api/json.ts';
import { Dialog } from '../app/dialog.tsx';
import { ErrorNotice } from '../app/error-notice.tsx';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';
import type { FlowRecord } from './flow-types.ts';
import { NextTimes } from './next-times.tsx';
import { kinds, planOf, planProblem, type ScheduleKind, scheduleOf } from './schedule.ts';
import { PlanFields } from './schedule-fields.tsx';
import { changeFlow } from './use-flow.ts';

interface ScheduleEditorProps {
  readonly flow: FlowRecord;
  readonly onSaved: () => Promise<unknown>;
  readonly onClose: () => void;
}

/** A new schedule is most likely meant in the user's own time zone. */
const ownZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

export function ScheduleEditor({ flow, onSaved, onClose }: ScheduleEditorProps) {
  const { client, announce } = useSession();
  const id = useId();
  // What the form started from: an update while it is open does not change what is entered.
  const [[schedule, zone]] = useState(() => [asString(flow.schedule), asString(flow.timezone)] as const);
  const [plan, setPlan] = useState(() => planOf(schedule));
  const [timezone, setTimezone] = useState(zone ?? (schedule === undefined ? ownZone() : 'UTC'));
  const [isTried, setIsTried] = useState(false);
  const zones = useMemo(() => [...new Set(['UTC', ...Intl.supportedValuesOf('timeZone'), timezone])], []);
  const problem = planProblem(plan);
  const next = scheduleOf(plan);
  const save = useAction(async () => {
    await changeFlow(client, flow._id, (current) => {
      if (asString(current.schedule) !== schedule || asString(current.timezone) !== zone) {
        const message = 'Someone else has changed the schedule. Close this form to see theirs.';
        throw new ApiError(412, [{ code: 'changed_elsewhere', message }]);
      }
      const { schedule: _, timezone: __, ...others } = current;
      const kept = next === undefined ? (zone === undefined ? {} : { timezone: zone }) : { schedule: next, timezone };
      return { ...others, ...kept } as FlowRecord;
    });
    await onSaved();
    announce('The schedule is saved.');
    onClose();
  });
  return (
    <Dialog title={`Schedule of ${flow.name}`} onClose={onClose} isLocked={save.isRunning}>
      <form
        class="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setIsTried(true);
          if (problem === undefined) void save.run();
        }}
      >
        <div class="field">
          <label for={`${id}-kind`}>The flow starts</label>
          <select
            id={`${id}-kind`}
            value={plan.kind}
            onChange={({ currentTarget: { value } }) => {
              setIsTried(false);
              const kind = value as ScheduleKind;
              // A pattern begins with what was chosen so far.
              setPlan({ ...plan, kind, pattern: kind === 'cron' ? (next ?? plan.pattern) : plan.pattern });
            }}
          >
            {Object.entries(kinds).map(([kind, text]) => (
              <option key={kind} value={kind}>
                {text}
              </option>
            ))}
          </select>
        </div>
        <PlanFields
          plan={plan}
          onChange={setPlan}
          problemId={problem !== undefined && isTried ? `${id}-problem` : undefined}
        />
        {plan.kind !== 'none' && (
          <div class="field">
            <label for={`${id}-zone`}>Time zone</label>
            <select id={`${id}-zone`} value={timezone} onChange={({ currentTarget: { value } }) => setTimezone(value)}>
              {zones.map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </div>
        )}
        {problem !== undefined && isTried && (
          <p id={`${id}-problem`} class="problem" role="alert">
            {problem}
          </p>
        )}
        {problem === undefined && next !== undefined && <NextTimes schedule={next} timezone={timezone} />}
        <ErrorNotice error={save.error} title="Could not save the schedule." />
        <div class="row end">
          <button type="button" class="button" disabled={save.isRunning} onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button primary" aria-disabled={save.isRunning}>
            {save.isRunning ? 'Saving…' : 'Save'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
