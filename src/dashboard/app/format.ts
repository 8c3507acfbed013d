/** Numbers, durations and sizes in the user's locale. Pure. */

const formatNumber = (value: number, digits: number): string =>
  value.toLocaleString(undefined, { maximumFractionDigits: digits });

export function formatDuration(ms: number | undefined): string {
  if (ms === undefined) return '–';
  if (ms < 1) return `${formatNumber(ms, 2)} ms`;
  if (ms < 1000) return `${formatNumber(ms, ms < 10 ? 1 : 0)} ms`;
  if (ms < 60_000) return `${formatNumber(ms / 1000, 1)} s`;
  const seconds = Math.floor(ms / 1000);
  const rest = seconds % 60;
  return `${formatNumber(Math.floor(seconds / 60), 0)} min${rest === 0 ? '' : ` ${rest} s`}`;
}

export function formatSize(bytes: number | undefined): string {
  if (bytes === undefined) return '–';
  if (bytes < 1024) return `${formatNumber(bytes, 0)} bytes`;
  // From a thousand on, megabytes read better.
  return bytes < 1_024_000 ? `${formatNumber(bytes / 1024, 0)} KB` : `${formatNumber(bytes / 1_048_576, 1)} MB`;
}

export const pluralize = (count: number, one: string, many = `${one}s`): string =>
  `${formatNumber(count, 0)} ${count === 1 ? one : many}`;
