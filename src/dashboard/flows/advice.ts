/** What a user can do about a job that has failed, or a record. Pure. */

const CONNECTOR = 'A function of the connector has failed. Its log is on the Runs page; its author can correct it.';
const SETTINGS = 'Correct the export or import that the message names. Then run the flow again.';
const LATER = 'Nothing is wrong with the flow. Run it again.';

const byCode: Readonly<Record<string, string>> = {
  connection_offline: 'Check the connection on the Records page, and test it. Then run the flow again.',
  connection_failed: 'The application does not answer. Run the flow again when it does.',
  export_loops: 'The export reads the same page over and over. Check its paging settings.',
  wrapper_loops: CONNECTOR,
  hook_failed: CONNECTOR,
  hook_invalid_response: CONNECTOR,
  wrapper_invalid_response: CONNECTOR,
  request_failed: 'The application has refused the request. Correct what its answer names. Then send it again.',
  response_invalid: 'The application’s answer cannot be read. Check the settings of the export or import.',
  mapping_invalid: SETTINGS,
  template_invalid: SETTINGS,
  unsupported: SETTINGS,
  invalid_field: SETTINGS,
  page_too_large: 'Give the export a smaller page size. Then run the flow again.',
  permission_denied: 'The connector, or this server, may not reach the address. The administrator can permit it.',
  overloaded: LATER,
  sandbox_restarted: LATER,
  store_unavailable: LATER,
  cancelled: LATER,
};

/** Codes that are not known here are the connector's own. */
export const adviceFor = (code: string): string =>
  byCode[code] ?? 'The message comes from the connector. The log of its last run, on the Runs page, may say more.';
