interface ConfirmRowProps {
  readonly label: string;
  /** Shown while the action runs. */
  readonly runningLabel: string;
  readonly cancelLabel?: string;
  readonly action: { readonly isRunning: boolean; run(): unknown };
  readonly onCancel: () => void;
}

/** The last row of a dialog that asks before something is removed. */
export function ConfirmRow({ label, runningLabel, cancelLabel = 'Cancel', action, onCancel }: ConfirmRowProps) {
  return (
    <div class="row end">
      <button type="button" class="button" disabled={action.isRunning} onClick={onCancel}>
        {cancelLabel}
      </button>
      <button type="button" class="button danger primary" disabled={action.isRunning} onClick={() => void action.run()}>
        {action.isRunning ? runningLabel : label}
      </button>
    </div>
  );
}
