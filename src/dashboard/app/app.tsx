import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { Client } from '../api/client.ts';
import { EventFeed } from '../api/event-feed.ts';
import { Frame } from './frame.tsx';
import { Images } from './images.ts';
import { forgetToken, type Session, SessionContext, storedToken, storeToken, tokenFromAddress } from './session.ts';
import { SignIn } from './sign-in.tsx';

function initialToken(): string | undefined {
  const given = tokenFromAddress();
  if (given === undefined) return storedToken();
  storeToken(given, false);
  return given;
}

/** The page: for who is signed in the dashboard, else the way in. The address stays through a sign-in. */
export function App() {
  const [token, setToken] = useState(initialToken);
  const [isRefused, setIsRefused] = useState(false);
  const [notice, announce] = useState('');

  const end = useCallback((wasRefused: boolean) => {
    forgetToken();
    setIsRefused(wasRefused);
    setToken(undefined);
  }, []);
  const session = useMemo((): Session | undefined => {
    if (token === undefined) return undefined;
    const client = new Client(token, () => end(true));
    const feed = new EventFeed(client);
    return { client, feed, images: new Images(client), signOut: () => end(false), announce };
  }, [token, end]);
  useEffect(() => {
    // Another start of the server, opened in the same tab.
    const onChange = (): void => {
      const given = tokenFromAddress();
      if (given === undefined) return;
      storeToken(given, false);
      setToken(given);
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
        onToken={(given, stays) => {
          storeToken(given, stays);
          setIsRefused(false);
          setToken(given);
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
