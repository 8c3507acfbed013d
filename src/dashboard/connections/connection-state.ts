/** The state of a connection in plain words. Pure. */

import type { OAuthStatus } from './use-oauth.ts';
import type { TestResult } from './use-test.ts';

export interface ConnectionState {
  readonly name: string;
  readonly tone: 'good' | 'warn' | 'bad' | '';
}

export interface Facts {
  /** Of the last test on this page. */
  readonly test: TestResult | undefined;
  readonly hasTestFailed: boolean;
  /** It did not answer its last ping, or its provider has refused it. */
  readonly isOffline: boolean;
  readonly usesOAuth: boolean;
  readonly oauth: OAuthStatus | undefined;
  readonly hasOAuthError: boolean;
}

/** Undefined while loading. */
export function stateOf(facts: Facts): ConnectionState | undefined {
  const { test, hasTestFailed, isOffline, usesOAuth, oauth, hasOAuthError } = facts;
  if (usesOAuth && !oauth && !hasOAuthError) return undefined;
  if (usesOAuth && oauth?.status !== 'connected') {
    return oauth?.status === 'refused' ? OFFLINE : { name: 'Not connected yet', tone: 'warn' };
  }
  if (test?.isOnline) return { name: `Online (${test.status})`, tone: 'good' };
  if (hasTestFailed || test || isOffline) return OFFLINE;
  return usesOAuth ? { name: 'Connected', tone: 'good' } : { name: 'Not tested yet', tone: '' };
}

const OFFLINE = { name: 'Offline', tone: 'bad' } as const;
