import { useRef, useState } from 'preact/hooks';

interface CopyFieldProps {
  readonly label: string;
  readonly value: string;
}

/** A text to be copied. Pages that are not on HTTPS or this machine have no clipboard: then it is selected. */
export function CopyField({ label, value }: CopyFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  const [outcome, setOutcome] = useState('');
  const copy = async (): Promise<void> => {
    input.current?.select();
    try {
      await navigator.clipboard.writeText(value);
      setOutcome('Copied.');
    } catch {
      setOutcome('Selected. Copy it with the keyboard.');
    }
  };
  return (
    <div class="field">
      <label for="copied">{label}</label>
      <div class="row copy-field">
        <input
          id="copied"
          ref={input}
          class="mono"
          readOnly
          value={value}
          onFocus={({ currentTarget }) => currentTarget.select()}
        />
        <button type="button" class="button primary" onClick={() => void copy()}>
          Copy
        </button>
      </div>
      <p class="hint" role="status">
        {outcome}
      </p>
    </div>
  );
}
