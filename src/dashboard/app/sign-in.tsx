import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api/api-error.ts';
import { Client } from '../api/client.ts';
import { Brand } from './brand.tsx';
import { ErrorNotice } from './error-notice.tsx';
import { useAction } from './use-action.ts';

interface SignInProps {
  /** The server refused the previous token. */
  readonly isRefused: boolean;
  readonly onToken: (token: string, remember: boolean) => void;
}

const INVALID_TOKEN = new ApiError(401, [{ code: 'unauthorized', message: 'The server does not accept this token.' }]);

export function SignIn({ isRefused, onToken }: SignInProps) {
  const [token, setToken] = useState('');
  const [remember, setRemember] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const signIn = useAction(async () => {
    const trimmed = token.trim();
    // A header value allows only these characters.
    if (!/^[\x21-\x7e]+$/.test(trimmed)) throw INVALID_TOKEN;
    try {
      await new Client(trimmed).get('/tokenInfo');
    } catch (error) {
      throw error instanceof ApiError && error.status === 401 ? INVALID_TOKEN : error;
    }
    onToken(trimmed, remember);
  });
  useEffect(() => {
    document.title = 'Sign in · Bulkhead';
    input.current?.focus();
  }, []);
  const error = signIn.error ?? (isRefused && !signIn.isRunning && token === '' ? INVALID_TOKEN : undefined);
  return (
    <main class="sign-in">
      <form
        class="card stack"
        onSubmit={(event) => {
          event.preventDefault();
          void signIn.run().then((isSignedIn) => isSignedIn || input.current?.focus());
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
              signIn.clearError();
            }}
          />
          <p class="hint" id="token-hint">
            <code>npm start</code> prints it with the dashboard’s address the first time it starts. If you set{' '}
            <code>BULKHEAD_TOKEN</code>, use that. An access token works, too, as far as its scope goes.
          </p>
        </div>
        <label class="row">
          <input
            type="checkbox"
            checked={remember}
            onChange={({ currentTarget }) => setRemember(currentTarget.checked)}
          />
          Stay signed in on this computer
        </label>
        <ErrorNotice error={error} />
        <button type="submit" class="button primary" disabled={signIn.isRunning || token.trim() === ''}>
          {signIn.isRunning ? 'Signing in…' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}
