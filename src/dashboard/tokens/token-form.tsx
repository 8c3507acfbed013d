import { IntegrationChoice } from './integration-choice.tsx';
import { type ChosenScope, scopeTexts } from './scopes.ts';

export interface TokenDraft {
  readonly name: string;
  readonly scope: ChosenScope;
  readonly integrationIds: readonly string[];
  /** Undefined: never. */
  readonly days: number | undefined;
}

export const emptyDraft: TokenDraft = { name: '', scope: 'read', integrationIds: [], days: 90 };

const lifetimes: readonly (readonly [days: number | undefined, text: string])[] = [
  [7, 'In 7 days'],
  [30, 'In 30 days'],
  [90, 'In 90 days'],
  [365, 'In a year'],
  [undefined, 'Never'],
];

interface TokenFormProps {
  readonly draft: TokenDraft;
  readonly onChange: (draft: TokenDraft) => void;
  readonly isDisabled: boolean;
}

/** The fields of a new access token. */
export function TokenForm({ draft, onChange, isDisabled }: TokenFormProps) {
  const change = (change: Partial<TokenDraft>): void => onChange({ ...draft, ...change });
  return (
    <fieldset class="stack" disabled={isDisabled}>
      <legend class="visually-hidden">The new access token</legend>
      <div class="field">
        <label for="token-name">Name</label>
        <input
          id="token-name"
          value={draft.name}
          required
          maxLength={200}
          placeholder="Who or what uses it"
          onInput={({ currentTarget }) => change({ name: currentTarget.value })}
        />
      </div>
      <fieldset class="stack tight choice">
        <legend class="label">It may</legend>
        {(Object.keys(scopeTexts) as ChosenScope[]).map((scope) => (
          <label key={scope} class="scope-choice">
            <input
              type="radio"
              name="scope"
              checked={draft.scope === scope}
              aria-describedby={`scope-${scope}`}
              onChange={() => change({ scope })}
            />
            <span>{scopeTexts[scope].name}</span>
            <span class="hint" id={`scope-${scope}`}>
              {scopeTexts[scope].hint}
            </span>
          </label>
        ))}
      </fieldset>
      {draft.scope === 'integrations' && (
        <IntegrationChoice chosen={draft.integrationIds} onChange={(integrationIds) => change({ integrationIds })} />
      )}
      <div class="field">
        <label for="token-expiry">Expires</label>
        <select
          id="token-expiry"
          value={String(draft.days)}
          onChange={({ currentTarget }) => change({ days: lifetimes[currentTarget.selectedIndex]?.[0] })}
        >
          {lifetimes.map(([days, text]) => (
            <option key={text} value={String(days)}>
              {text}
            </option>
          ))}
        </select>
      </div>
    </fieldset>
  );
}
