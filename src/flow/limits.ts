/** Limits of flows and jobs. */
export const flowLimits = Object.freeze({
  /** Records on a page, unless the export's `pageSize` is smaller. */
  pageRecords: 1_000,
  /** UTF-8 bytes of a page's JSON. */
  pageBytes: 4 * 1024 * 1024,
  /** Pages read ahead of the steps. */
  pagesAhead: 2,
  /** Pages that one export reads in a job. */
  exportPages: 1_000_000,
  /** Records that one job exports. */
  jobRecords: 10_000_000,
  /** Identical pages in a row. */
  equalPages: 5,
  /** UTF-8 bytes of an export's `state`. */
  stateBytes: 64 * 1024,
  /** Retained errors of one page. Others are counted. */
  pageErrors: 1_000,
  /** Retained errors of one job. Others are counted. */
  jobErrors: 10_000,
  /** Characters of the records a job retains with its errors. Further errors are retained without their record. */
  jobErrorChars: 256 * 1024 * 1024,
  /** A run pauses this long before it repeats a request. Longer pauses free its isolate. */
  pauseMs: 10_000,
  /** Longest pause before a page is repeated, whatever the application asks for. */
  longestPauseMs: 3_600_000,
  /** Repetitions of one page. */
  repeats: 20,
  /** Export and import steps of a flow. */
  steps: 50,
  /** UTF-8 bytes of the records a flow refers to: they are sent with every page. */
  definitionBytes: 4 * 1024 * 1024,
  /** How often a running job's record is written, and its progress published. */
  progressMs: 500,
  /** Retention time of jobs. */
  retainedMs: 30 * 24 * 3_600_000,
  /** Characters of failed records read at once, for a retry or a list. At least one record is read. */
  errorsReadChars: 2 * 1024 * 1024,
  /** UTF-8 bytes of a webhook's body. */
  messageBytes: 1024 * 1024,
  /** Values in a webhook's body, nested ones included. */
  messageParts: 200_000,
  /** Messages of one webhook waiting for a job. */
  messagesWaiting: 100_000,
  /** UTF-8 bytes of them. */
  messageBytesWaiting: 256 * 1024 * 1024,
  /** Largest spread of jobs that are due at the same time. */
  spreadMs: 5_000,
});
