/** Access tokens and the audit log, for the API. Logs errors that occur outside requests. */
import type { Logger } from 'pino';
import type { AppOptions } from './api/app.ts';
import { AuditLog } from './api/audit-log.ts';
import { TokenAuthority } from './api/token-authority.ts';
import type { Storage } from './store/storage.ts';

export function tokenServices(
  { audit: entries, accessTokens, now }: Storage,
  logger: Logger,
): Pick<AppOptions, 'accessTokens' | 'authority' | 'audit'> {
  const logged =
    (message: string) =>
    (error: unknown): void =>
      logger.error({ err: error }, message);
  const audit = new AuditLog(entries, logged('a change could not be written to the audit log'), now);
  const authority = new TokenAuthority(accessTokens, audit, logged('an access token could not be written'));
  return { accessTokens, authority, audit };
}
