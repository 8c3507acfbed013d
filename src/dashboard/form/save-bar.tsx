import { useEffect } from 'preact/hooks';
import type { ErrorItem } from '../api/api-error.ts';

interface Props {
  readonly count: number;
  readonly problems: number;
  /** Labels of changed fields that the form has lost. */
  readonly orphanLabels: readonly string[];
  readonly otherErrors: readonly ErrorItem[];
  readonly notice: string;
  readonly isSaving: boolean;
  readonly isLocked: boolean;
  /** Undefined where there is nothing to take back. */
  readonly onUndo: (() => void) | undefined;
  onDiscard(): void;
}

/** How much is not saved yet, and what to do about it. It stays in sight. */
export function SaveBar({
  count,
  problems,
  orphanLabels,
  otherErrors,
  notice,
  isSaving,
  isLocked,
  onUndo,
  onDiscard,
}: Props) {
  const isDirty = count > 0 || orphanLabels.length > 0;
  useEffect(() => {
    // The bar that has just come up may lie over the very field that brought it up.
    if (isDirty) document.activeElement?.scrollIntoView({ block: 'nearest' });
  }, [isDirty]);
  if (!isDirty && otherErrors.length === 0 && notice === '') return <div class="visually-hidden" role="status" />;
  return (
    <div class="save-bar" data-dirty={isDirty}>
      {otherErrors.length > 0 && (
        <div class="notice bad" role="alert">
          {otherErrors.map(({ code, message }, i) => (
            <p key={i}>
              {code === 'conflict' ? `${message} Your changes are still here: look at them and save again.` : message}
            </p>
          ))}
        </div>
      )}
      {orphanLabels.length > 0 && (
        <p class="notice warn">
          Not in the form any more, though you had changed it: {orphanLabels.join(', ')}. It cannot be saved.
        </p>
      )}
      <div class="save-line">
        <p role="status">{isSaving ? 'Saving…' : isDirty ? summarize(count, problems, isLocked) : notice}</p>
        <div class="row">
          {onUndo && !isDirty && (
            <button type="button" class="button quiet" onClick={onUndo}>
              Undo
            </button>
          )}
          {isDirty && (
            <>
              <button type="button" class="button" disabled={isSaving} onClick={onDiscard}>
                Discard
              </button>
              <button type="submit" class="button primary" disabled={isSaving || isLocked || count === 0}>
                Save
              </button>
            </>
          )}
        </div>
      </div>
    </div>
  );
}

function summarize(count: number, problems: number, isLocked: boolean): string {
  if (count === 0) return 'Nothing that can be saved';
  const changes = count === 1 ? '1 unsaved change' : `${count} unsaved changes`;
  if (problems > 0) return `${changes}, ${problems === 1 ? '1 problem' : `${problems} problems`}`;
  return isLocked ? `${changes}; saving is not possible right now` : changes;
}
