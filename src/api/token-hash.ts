import { hash } from 'node:crypto';

/** SHA-256, in hex. Nothing else of a token is stored. */
export const hashToken = (token: string): string => hash('sha256', token);
