/** The signed-in session, and where its token comes from and is stored. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Client } from '../api/client.ts';
import type { EventFeed } from '../api/event-feed.ts';
import type { Images } from './images.ts';

export interface Session {
  readonly client: Client;
  readonly feed: EventFeed;
  readonly images: Images;
  readonly signOut: () => void;
  /** Shows a toast. */
  readonly announce: (message: string) => void;
}

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('useSession needs a signed-in session');
  return session;
}

const KEY = 'bulkhead.token';

/** Reads the token from the address (`#token=…`) and removes it there, to keep it out of history and bookmarks. */
export function takeTokenFromAddress(): string | undefined {
  const match = /^#token=([^&]*)&?(.*)$/.exec(location.hash);
  if (!match) return undefined;
  const [, token = '', rest = ''] = match;
  history.replaceState(null, '', `${location.pathname}${location.search}#${rest.startsWith('/') ? rest : '/'}`);
  try {
    return decodeURIComponent(token) || undefined;
  } catch {
    return token;
  }
}

export function storedToken(): string | undefined {
  return sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY) ?? undefined;
}

/** @param remember keep it beyond this tab */
export function storeToken(token: string, remember: boolean): void {
  forgetToken();
  (remember ? localStorage : sessionStorage).setItem(KEY, token);
}

export function forgetToken(): void {
  sessionStorage.removeItem(KEY);
  localStorage.removeItem(KEY);
}
