import { useId } from 'preact/hooks';
import { type AuthType, authNames, type ConnectionDraft } from './credentials.ts';
import { SecretInput } from './secret-input.tsx';

interface ConnectionFieldsProps {
  readonly draft: ConnectionDraft;
  readonly onChange: (draft: ConnectionDraft) => void;
  readonly isDisabled: boolean;
  /** In a step, the connector has set the name and the address. */
  readonly isStep?: boolean;
  /** The stored address. In a step it cannot be changed once set. */
  readonly storedURI?: string;
}

export function ConnectionFields(props: ConnectionFieldsProps) {
  const { draft, onChange, isDisabled, isStep = false, storedURI = '' } = props;
  const id = useId();
  const set = (change: Partial<ConnectionDraft>): void => onChange({ ...draft, ...change });
  const types = (Object.keys(authNames) as AuthType[]).filter((type) => type !== 'other' || draft.auth === 'other');
  return (
    <>
      {!isStep && (
        <div class="field">
          <label for={`${id}-name`}>Name</label>
          <input
            id={`${id}-name`}
            value={draft.name}
            required
            maxLength={200}
            disabled={isDisabled}
            onInput={({ currentTarget }) => set({ name: currentTarget.value })}
          />
        </div>
      )}
      <div class="field">
        <label for={`${id}-base`}>Address</label>
        <input
          id={`${id}-base`}
          type="url"
          inputMode="url"
          value={draft.baseURI}
          required
          placeholder="https://api.example.com"
          readOnly={isStep && storedURI !== ''}
          disabled={isDisabled}
          onInput={({ currentTarget }) => set({ baseURI: currentTarget.value })}
        />
      </div>
      {!isStep && (
        <div class="field">
          <label for={`${id}-ping`}>Path for tests</label>
          <input
            id={`${id}-ping`}
            value={draft.pingURI}
            placeholder="/ping"
            disabled={isDisabled}
            onInput={({ currentTarget }) => set({ pingURI: currentTarget.value })}
          />
        </div>
      )}
      <div class="field">
        <label for={`${id}-auth`}>Authentication</label>
        <select
          id={`${id}-auth`}
          value={draft.auth}
          disabled={isDisabled}
          onChange={({ currentTarget }) => set({ auth: currentTarget.value as AuthType })}
        >
          {types.map((type) => (
            <option key={type} value={type}>
              {authNames[type]}
            </option>
          ))}
        </select>
      </div>
      {draft.auth === 'basic' && (
        <div class="pair">
          <div class="field">
            <label for={`${id}-user`}>User name</label>
            <SecretInput
              id={`${id}-user`}
              value={draft.username}
              isDisabled={isDisabled}
              onInput={(username) => set({ username })}
            />
          </div>
          <div class="field">
            <label for={`${id}-password`}>Password</label>
            <SecretInput
              id={`${id}-password`}
              value={draft.password}
              isPassword
              isDisabled={isDisabled}
              onInput={(password) => set({ password })}
            />
          </div>
        </div>
      )}
      {draft.auth === 'token' && (
        <div class="field">
          <label for={`${id}-token`}>Token</label>
          <SecretInput
            id={`${id}-token`}
            value={draft.token}
            isPassword
            isDisabled={isDisabled}
            onInput={(token) => set({ token })}
          />
        </div>
      )}
    </>
  );
}
