/** Interprets errors of PostgreSQL, its driver and the network. */
import { DatabaseError } from 'pg';
import { StoreError } from '../store.ts';

/**
 * SQLSTATE classes that are not the statement's fault: connection (08), resources (53), operator (57), system (58),
 * internal (XX), and a read-only server, as after a failover (25006).
 */
const UNAVAILABLE = /^(?:08|53|57|58|XX|25006)/;
/** Another transaction was in the way: lock_timeout, statement_timeout, deadlock, serialization failure. */
const IN_THE_WAY = /^(?:55P03|57014|40)/;
/** The session ended, maybe after the statement: connection (08), server shutdown (57P), completion unknown (40003). */
const SESSION_ENDED = /^(?:08|57P|40003)/;
const DISK_FULL = '53100';
const UNIQUE_VIOLATION = '23505';
const TOO_MANY_CONNECTIONS = '53300';

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? '';

/** The server itself refused the statement or the session. */
export const isAnswer = (error: unknown): error is DatabaseError => error instanceof DatabaseError;

/** Other clients use all of the server's connections. */
export const isServerFull = (error: unknown): boolean => isAnswer(error) && codeOf(error) === TOO_MANY_CONNECTIONS;

/** Only this statement failed; others may succeed. */
export const isInTheWay = ({ cause }: StoreError): boolean => isAnswer(cause) && IN_THE_WAY.test(codeOf(cause));

/** A unique index has such a row. */
export const isDuplicate = (error: unknown): boolean => isAnswer(error) && codeOf(error) === UNIQUE_VIOLATION;

/** PgBouncer refuses a session with settings that it does not know. */
export const isUnknownSetting = (error: unknown): boolean =>
  isAnswer(error) && /unsupported startup parameter/i.test(error.message);

/** SQLSTATEs of a prepared statement that is missing or exists already. */
const PREPARED_ELSEWHERE: readonly string[] = ['26000', '42P05'];
export const isPreparedElsewhere = (error: unknown): boolean => PREPARED_ELSEWHERE.includes(codeOf(error));

/** For errors before any statement was sent. The server's message gives its reason, without the password. */
export function connectError(error: unknown): StoreError {
  const { message } = error as Error;
  return new StoreError(
    'store_unavailable',
    `The database cannot be used (${isAnswer(error) ? message : reasonOf(error)}).`,
    {
      cause: error,
    },
  );
}

/** For errors of a statement that was sent. Returns errors in our SQL unchanged. */
export function statementError(error: unknown, { isLast }: { readonly isLast: boolean }): unknown {
  const code = codeOf(error);
  // Codes of the driver's and the network's errors, such as EPIPE, can look like an SQLSTATE.
  if (isAnswer(error) && !UNAVAILABLE.test(code) && !IN_THE_WAY.test(code)) return error;
  if (code === DISK_FULL) return new StoreError('store_full', 'The database has no space left.', { cause: error });
  // Before COMMIT, a lost connection rolls the transaction back.
  const isOutcomeUnknown = isLast && (!isAnswer(error) || SESSION_ENDED.test(code));
  return new StoreError('store_unavailable', `The database cannot be used (${reasonOf(error)}).`, {
    cause: error,
    isOutcomeUnknown,
  });
}

const reasonOf = (error: unknown): string => codeOf(error) || (error as Error).message;
