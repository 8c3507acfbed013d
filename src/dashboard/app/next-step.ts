/** What to do about an error, by its code. Errors of connectors have codes of their own, and say it themselves. Pure. */

const LATER = 'Nothing was changed. Try again in a moment.';
const AUTHOR = 'This is a fault of the connector. The log of the run helps its author.';

const steps: Readonly<Record<string, string>> = {
  unreachable: 'Check that the server is running. The page reconnects by itself.',
  overloaded: LATER,
  sandbox_restarted: LATER,
  rate_limited: LATER,
  store_unavailable: 'Try again in a moment. The server’s page says what is wrong with the store.',
  shutting_down: 'Try again when the server is back.',
  store_full: 'Make room on the server’s disk, and try again.',
  conflict: 'Somebody else has changed it in the meantime. Reload the page, and try again.',
  precondition_failed: 'Somebody else has changed it in the meantime. Reload the page, and try again.',
  update_in_progress: 'Wait until the update has ended.',
  access_restricted: 'Sign in with a token that may do this.',
  not_found: 'It may have been removed in the meantime.',
  connector_unavailable: 'The connector’s page says what is wrong with its bundle.',
  credentials_unreadable: 'Enter the credentials again, or give the server the key that it had.',
  request_too_large: 'Send less at once.',
  internal_error: 'The server’s log has the details.',
  run_timeout: 'Try again. If it happens often, the connector needs a longer limit.',
  cpu_limit_exceeded: AUTHOR,
  memory_limit_exceeded: AUTHOR,
  sandbox_crashed: AUTHOR,
  never_answered: AUTHOR,
  invalid_function: AUTHOR,
  invalid_extension_response: AUTHOR,
};

export const nextStepOf = (code: string): string | undefined => (Object.hasOwn(steps, code) ? steps[code] : undefined);
