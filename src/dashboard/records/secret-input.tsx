import { MASK } from './credentials.ts';

interface SecretInputProps {
  readonly id: string;
  readonly value: string;
  readonly isPassword?: boolean;
  readonly isDisabled?: boolean;
  readonly onInput: (value: string) => void;
}

/** Input for a credential. A stored one is never shown, and kept unless something else is typed. */
export function SecretInput({ id, value, isPassword = false, isDisabled = false, onInput }: SecretInputProps) {
  const isStored = value === MASK;
  const props = {
    id,
    autocomplete: 'off',
    spellcheck: false,
    disabled: isDisabled,
    value: isStored ? '' : value,
    placeholder: isStored ? '•••••• (stored)' : '',
    'aria-describedby': isStored ? `${id}-stored` : undefined,
    onInput: ({ currentTarget }: { readonly currentTarget: HTMLInputElement }) => onInput(currentTarget.value),
  };
  return (
    <>
      {isPassword ? <input type="password" {...props} /> : <input type="text" {...props} />}
      {isStored && (
        <p class="hint" id={`${id}-stored`}>
          Stored and never shown. Leave empty to keep it.
        </p>
      )}
    </>
  );
}
