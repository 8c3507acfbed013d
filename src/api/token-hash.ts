import { hash } from 'node:crypto';

/** SHA-256, in hex: all that is stored of a token. */
export const hashToken = (token: string): string => hash('sha256', token);
