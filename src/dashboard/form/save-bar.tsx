import { useEffect } from 'preact/hooks';
import type { ErrorItem } from '../api/api-error.ts';

interface Props {
  readonly count: number;
  readonly problems: number;
  /** Labels of changed fields that are no longer in the form. */
  readonly orphanLabels: readonly string[];
  readonly otherErrors: readonly ErrorItem[];
  readonly notice: string;
  readonly isSaving: boolean;
  readonly isLocked: boolean;
  /** Undefined if there is nothing to undo. */
  readonly onUndo: (() => void) | undefined;
  onDiscard(): void;
}

/** Counts the unsaved changes, with buttons to save or discard them. Always in view. */
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
    // The bar may cover the field whose change made it appear.
    if (isDirty) document.activeElement?.scrollIntoView({ block: 'nearest' });
  }, [isDirty]);
  if (!isDirty && otherErrors.length === 0 && notice === '') return <div class="visually-hidden" role="status" />;
  return (
    <div class="save-bar" data-dirty={isDirty}>
      {otherErrors.length > 0 && (
        <div class="notice bad" role="alert">
          {otherErrors.map(({ code, message }, i) => (
            <p key={i}>
              {code === 'conflict' ? `${message} Your changes are still here. Check them and save again.` : message}
            </p>
          ))}
        </div>
      )}
      {orphanLabels.length > 0 && (
        <p class="notice warn">No longer in the form, so your changes cannot be saved: {orphanLabels.join(', ')}.</p>
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
  if (count === 0) return 'Nothing to save';
  const changes = count === 1 ? '1 unsaved change' : `${count} unsaved changes`;
  if (problems > 0) return `${changes}, ${problems === 1 ? '1 problem' : `${problems} problems`}`;
  return isLocked ? `${changes}; saving is disabled right now` : changes;
}
