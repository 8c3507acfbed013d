/** The scopes of access tokens, in plain words. */
import type { AccessToken } from '../api/types.ts';

interface ScopeText {
  readonly name: string;
  readonly hint: string;
}

/** Those that can be chosen here. */
export const scopeTexts = {
  read: {
    name: 'Read everything',
    hint: 'Changes nothing and calls no functions. Sees no credentials, access tokens, audit log or backups.',
  },
  integrations: {
    name: 'Work with chosen integrations',
    hint: 'Reads and changes them and their records, and calls their functions. Nothing else is visible.',
  },
  full: { name: 'Everything', hint: 'Whatever the administrator may do, access tokens and backups included.' },
  stack: {
    name: 'Run functions for integrator.io',
    hint: 'As a stack of an account there. Sees and changes nothing here.',
  },
} as const satisfies Readonly<Record<string, ScopeText>>;
export type ChosenScope = keyof typeof scopeTexts;

export const scopeNameOf = ({ scope }: Pick<AccessToken, 'scope'>): string =>
  Object.hasOwn(scopeTexts, scope) ? scopeTexts[scope as ChosenScope].name : scope;
