import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { useSession } from './session.ts';
import { useAction } from './use-action.ts';

interface AddressFieldProps {
  readonly label: string;
  readonly value: string;
  /** What the button copies, for screen readers. */
  readonly copyLabel: string;
  /** Said once it is copied. */
  readonly copied: string;
  readonly hint?: ComponentChildren;
}

/** An address to enter elsewhere, with a button that copies it. */
export function AddressField({ label, value, copyLabel, copied, hint }: AddressFieldProps) {
  const { announce } = useSession();
  const id = useId();
  const copy = useAction(async () => {
    await navigator.clipboard.writeText(value);
    announce(copied);
  });
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="beside">
        <input
          id={id}
          class="mono"
          value={value}
          readOnly
          aria-describedby={hint === undefined ? undefined : `${id}-hint`}
          onFocus={({ currentTarget }) => currentTarget.select()}
        />
        <button type="button" class="button" aria-label={copyLabel} onClick={() => void copy.run()}>
          Copy
        </button>
      </div>
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {copy.error !== undefined && (
        <p class="problem" role="alert">
          This browser does not let the page copy. Select the address and copy it yourself.
        </p>
      )}
    </div>
  );
}
