import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { Client } from '../api/client.ts';
import { EventFeed } from '../api/event-feed.ts';
import { Frame } from './frame.tsx';
import { Images } from './images.ts';
import { forgetToken, type Session, SessionContext, storedToken, storeToken, takeTokenFromAddress } from './session.ts';
import { SignIn } from './sign-in.tsx';

function initialToken(): string | undefined {
  const token = takeTokenFromAddress();
  if (token === undefined) return storedToken();
  storeToken(token, false);
  return token;
}

/** The dashboard, or the sign-in form. Signing in keeps the address. */
export function App() {
  const [token, setToken] = useState(initialToken);
  const [isRefused, setIsRefused] = useState(false);
  const [notice, announce] = useState('');

  const endSession = useCallback((isRefused: boolean) => {
    forgetToken();
    setIsRefused(isRefused);
    setToken(undefined);
  }, []);
  const session = useMemo((): Session | undefined => {
    if (token === undefined) return undefined;
    const client = new Client(token, () => endSession(true));
    const feed = new EventFeed(client);
    return { client, feed, images: new Images(client, feed), signOut: () => endSession(false), announce };
  }, [token, endSession]);
  useEffect(() => {
    // The address of a restarted server was opened in the same tab.
    const onChange = (): void => {
      const token = takeTokenFromAddress();
      if (token === undefined) return;
      storeToken(token, false);
      setToken(token);
      window.dispatchEvent(new HashChangeEvent('hashchange'));
    };
    window.addEventListener('hashchange', onChange);
    return () => window.removeEventListener('hashchange', onChange);
  }, []);
  useEffect(() => {
    if (!session) return;
    void session.feed.run();
    return () => session.feed.close();
  }, [session]);
  useEffect(() => {
    if (notice === '') return;
    const timer = setTimeout(() => announce(''), 8_000);
    return () => clearTimeout(timer);
  }, [notice]);

  if (!session) {
    return (
      <SignIn
        isRefused={isRefused}
        onToken={(token, stays) => {
          storeToken(token, stays);
          setIsRefused(false);
          setToken(token);
        }}
      />
    );
  }
  return (
    <SessionContext.Provider value={session}>
      <Frame notice={notice} />
    </SessionContext.Provider>
  );
}
