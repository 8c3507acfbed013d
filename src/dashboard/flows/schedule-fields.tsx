import { useId } from 'preact/hooks';
import { dayNames, intervals, type Plan } from './schedule.ts';

interface PlanFieldsProps {
  readonly plan: Plan;
  readonly onChange: (plan: Plan) => void;
  /** The element that says what is wrong, while something is. */
  readonly problemId: string | undefined;
}

/** The fields of the chosen kind of schedule. */
export function PlanFields({ plan, onChange, problemId }: PlanFieldsProps) {
  const id = useId();
  const invalid = problemId === undefined ? {} : { 'aria-invalid': true, 'aria-describedby': problemId };
  switch (plan.kind) {
    case 'none':
      return null;
    case 'minutes':
      return (
        <div class="field">
          <label for={id}>Minutes between two starts</label>
          <select
            id={id}
            value={plan.interval}
            onChange={({ currentTarget: { value } }) => onChange({ ...plan, interval: Number(value) })}
          >
            {intervals.map((minutes) => (
              <option key={minutes} value={minutes}>
                {minutes}
              </option>
            ))}
          </select>
        </div>
      );
    case 'hourly':
      return (
        <div class="field">
          <label for={id}>Minute of the hour</label>
          <input
            id={id}
            type="number"
            min="0"
            max="59"
            {...invalid}
            value={Number.isNaN(plan.minute) ? '' : plan.minute}
            onInput={({ currentTarget: { valueAsNumber } }) => onChange({ ...plan, minute: valueAsNumber })}
          />
        </div>
      );
    case 'cron':
      return (
        <div class="field">
          <label for={id}>Pattern</label>
          <input
            id={id}
            class="mono"
            spellcheck={false}
            autocomplete="off"
            maxLength={200}
            {...invalid}
            value={plan.pattern}
            onInput={({ currentTarget: { value } }) => onChange({ ...plan, pattern: value })}
          />
          <p class="hint">
            Minute, hour, day of the month, month, day of the week, such as <code>0 2 1 * *</code> for two o’clock on
            the first of each month. A <code>?</code> may stand before them.
          </p>
        </div>
      );
    default:
      return (
        <>
          {plan.kind === 'weekdays' && (
            <fieldset class="field">
              <legend>Days</legend>
              <div class="row">
                {dayNames.map((name, index) => {
                  const day = index + 1;
                  return (
                    <label key={name} class="row">
                      <input
                        type="checkbox"
                        {...invalid}
                        checked={plan.days.includes(day)}
                        onChange={({ currentTarget: { checked } }) =>
                          onChange({
                            ...plan,
                            days: checked ? [...plan.days, day].sort() : plan.days.filter((each) => each !== day),
                          })
                        }
                      />
                      {name}
                    </label>
                  );
                })}
              </div>
            </fieldset>
          )}
          <div class="field">
            <label for={id}>Time of day</label>
            <input
              id={id}
              type="time"
              {...invalid}
              value={plan.time}
              onInput={({ currentTarget: { value } }) => onChange({ ...plan, time: value })}
            />
          </div>
        </>
      );
  }
}
