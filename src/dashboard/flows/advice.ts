/** What a user can do about a job that has failed. Pure. */

const byCode: Readonly<Record<string, string>> = {
  connection_offline: 'Check the connection on the Records page, and test it. Then run the flow again.',
  export_loops: 'The export reads the same page over and over. Check its paging settings.',
  invalid_field: 'Correct the flow or the record that the message names. Then run the flow again.',
  page_too_large: 'Give the export a smaller page size. Then run the flow again.',
  permission_denied: 'The connector may not reach this address. Ask its author, or grant it on the Connectors page.',
};

export const adviceFor = (code: string): string =>
  byCode[code] ?? 'The log of the job’s last run, on the Runs page, may say more.';
