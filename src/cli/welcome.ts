/** What a start tells: a block for people at a terminal, or lines for scripts. */
import type { StartFolders } from './start-folders.ts';

export interface Started {
  readonly version: string;
  readonly url: string;
  /** Set only if this start has created it. */
  readonly newToken: string | undefined;
  readonly folders: StartFolders;
  /** The data is in a database. */
  readonly hasDatabase: boolean;
}

/** Browsers do not send what follows #. */
const dashboardOf = ({ url, newToken }: Started): string =>
  newToken === undefined ? `${url}/` : `${url}/#token=${encodeURIComponent(newToken)}`;

export function linesForScripts(started: Started): string {
  const { url, newToken } = started;
  const token = newToken === undefined ? [] : [`Administrator's token (shown only once): ${newToken}`];
  return [`Bulkhead is listening on ${url}`, ...token, `Dashboard: ${dashboardOf(started)}`, ''].join('\n');
}

export function blockForPeople(started: Started): string {
  const { version, newToken, folders, hasDatabase } = started;
  const rows = [
    ['Dashboard', dashboardOf(started)],
    ...(newToken === undefined ? [] : [['Token', `${newToken}  (the administrator's; shown only this once)`]]),
    ['Data', hasDatabase ? 'in the database' : `${folders.data}${folders.isNew ? '  (new)' : ''}`],
    ['Connectors', folders.connectors],
  ];
  const next =
    newToken === undefined
      ? 'Open the dashboard to see your integrations.'
      : 'Keep the token, open the dashboard, and install a connector.';
  return [
    '',
    `  Bulkhead ${version} is running.`,
    '',
    ...rows.map(([name = '', value = '']) => `  ${name.padEnd(12)}${value}`),
    '',
    `  ${next} Ctrl+C stops the server.`,
    '',
    '',
  ].join('\n');
}
