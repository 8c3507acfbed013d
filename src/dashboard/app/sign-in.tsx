import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api/api-error.ts';
import { Client } from '../api/client.ts';
import { Brand } from './brand.tsx';
import { Problem } from './problem.tsx';
import { useAction } from './use-action.ts';

interface SignInProps {
  /** The token that there was is not taken (any more). */
  readonly isRefused: boolean;
  readonly onToken: (token: string, stays: boolean) => void;
}

const REFUSED = new ApiError(401, [{ code: 'unauthorized', message: 'The server does not take this token.' }]);

export function SignIn({ isRefused, onToken }: SignInProps) {
  const [token, setToken] = useState('');
  const [stays, setStays] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const enter = useAction(async () => {
    const given = token.trim();
    // A header takes no more than this.
    if (!/^[\x21-\x7e]+$/.test(given)) throw REFUSED;
    try {
      await new Client(given).get('/tokenInfo');
    } catch (error) {
      throw error instanceof ApiError && error.status === 401 ? REFUSED : error;
    }
    onToken(given, stays);
  });
  useEffect(() => {
    document.title = 'Sign in · Bulkhead';
    input.current?.focus();
  }, []);
  const error = enter.error ?? (isRefused && !enter.isGoing && token === '' ? REFUSED : undefined);
  return (
    <main class="sign-in">
      <form
        class="card stack"
        onSubmit={(event) => {
          event.preventDefault();
          void enter.run().then((isIn) => isIn || input.current?.focus());
        }}
      >
        <Brand />
        <h1>Sign in</h1>
        <div class="field">
          <label for="token">Administrator’s token</label>
          <input
            id="token"
            ref={input}
            type="password"
            autocomplete="current-password"
            required
            value={token}
            aria-describedby="token-hint"
            aria-invalid={error !== undefined}
            onInput={({ currentTarget }) => {
              setToken(currentTarget.value);
              enter.clear();
            }}
          />
          <p class="hint" id="token-hint">
            <code>npm start</code> prints it, with the dashboard’s address, when it starts for the first time; or it is
            what you have set as <code>BULKHEAD_TOKEN</code>.
          </p>
        </div>
        <label class="row">
          <input type="checkbox" checked={stays} onChange={({ currentTarget }) => setStays(currentTarget.checked)} />
          Stay signed in on this computer
        </label>
        <Problem error={error} />
        <button type="submit" class="button primary" disabled={enter.isGoing || token.trim() === ''}>
          {enter.isGoing ? 'Signing in…' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}
