/** Reports credentials that could not be read or re-encrypted, to the log and `/readyz`. */
import type { Logger } from 'pino';
import type { RotationResult } from './record/key-rotation.ts';

/** @returns sentences for `/readyz` */
export function logCredentialProblems(logger: Logger, { unreadable, unwritten, resealed }: RotationResult): string[] {
  const problems: string[] = [];
  if (unreadable.length > 0) {
    const problem = `The credentials of ${unreadable.length} connections were encrypted with a key that is missing.`;
    logger.error({ event: 'credentials_unreadable', connections: unreadable }, problem);
    problems.push(problem);
  }
  if (unwritten.length > 0) {
    const problem = `The credentials of ${unwritten.length} integrations could not be encrypted with the current key. The next start tries again.`;
    logger.error({ event: 'credentials_not_encrypted', integrations: unwritten }, problem);
    problems.push(problem);
  }
  // An operator who changes the key waits for this before dropping the old one.
  logger.info(
    { event: 'credentials_checked', encrypted: resealed, unreadable: unreadable.length, failed: unwritten.length },
    'all credentials were checked',
  );
  return problems;
}
