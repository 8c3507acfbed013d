/** What the errors of PostgreSQL, of its driver and of the network mean. */
import { DatabaseError } from 'pg';
import { StoreError } from '../store.ts';

/**
 * Classes of SQLSTATE that do not blame the statement: connection (08), resources (53), operator (57), system (58),
 * internal (XX), and a server that takes no writes, as after a failover (25006).
 */
const UNAVAILABLE = /^(?:08|53|57|58|XX|25006)/;
/** Someone else was in the way for too long: lock_timeout, statement_timeout, a deadlock, a serialization failure. */
const IN_THE_WAY = /^(?:55P03|57014|40)/;
/** The session ended, maybe after the statement: connection (08), the server ends (57P), statement completion unknown. */
const SESSION_ENDED = /^(?:08|57P|40003)/;
const DISK_FULL = '53100';
const TOO_MANY_CONNECTIONS = '53300';

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? '';

/** The server itself refused the statement or the session. */
export const isAnswer = (error: unknown): error is DatabaseError => error instanceof DatabaseError;

/** Other users of the server have all its connections. */
export const isServerFull = (error: unknown): boolean => isAnswer(error) && codeOf(error) === TOO_MANY_CONNECTIONS;

/** One statement failed, and others may succeed. */
export const isInTheWay = ({ cause }: StoreError): boolean => isAnswer(cause) && IN_THE_WAY.test(codeOf(cause));

/** PgBouncer refuses a session that sets what it does not know. */
export const isUnknownSetting = (error: unknown): boolean =>
  isAnswer(error) && /unsupported startup parameter/i.test(error.message);

/** SQLSTATE of a prepared statement that is not there, or is there already. */
const PREPARED_ELSEWHERE: readonly string[] = ['26000', '42P05'];
export const isPreparedElsewhere = (error: unknown): boolean => PREPARED_ELSEWHERE.includes(codeOf(error));

/** No statement was sent. The server's message says why it refuses the session, without the password. */
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

/** Of a statement that was sent. Returns an error that is ours as it is. */
export function statementError(error: unknown, { isLast }: { readonly isLast: boolean }): unknown {
  const code = codeOf(error);
  // Other errors are the driver's or the network's. Their codes, such as EPIPE, can look like an SQLSTATE.
  if (isAnswer(error) && !UNAVAILABLE.test(code) && !IN_THE_WAY.test(code)) return error;
  if (code === DISK_FULL) return new StoreError('store_full', 'The database has no space left.', { cause: error });
  // A transaction that loses its connection before its commit is rolled back.
  const isOutcomeUnknown = isLast && (!isAnswer(error) || SESSION_ENDED.test(code));
  return new StoreError('store_unavailable', `The database cannot be used (${reasonOf(error)}).`, {
    cause: error,
    isOutcomeUnknown,
  });
}

const reasonOf = (error: unknown): string => codeOf(error) || (error as Error).message;
