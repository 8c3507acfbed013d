/** Medians with their spread, and the tables they are printed in. */

export interface Figure {
  readonly part: string;
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** What docs/performance.md promises, where it promises something. */
  readonly wanted?: string;
}

export const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

export function figure(part: string, name: string, unit: string, values: readonly number[], wanted?: string): Figure {
  const spread = { median: median(values), least: Math.min(...values), most: Math.max(...values) };
  return { part, name, unit, ...spread, ...(wanted === undefined ? {} : { wanted }) };
}

export const shown = (value: number): string =>
  Math.abs(value) >= 100 ? String(Math.round(value)) : value.toFixed(Math.abs(value) >= 10 ? 1 : 2);

export function tableOf(figures: readonly Figure[]): string {
  return table(
    figures.map(({ name, unit, median, least, most, wanted = '' }) => ({
      what: name,
      median: shown(median),
      unit,
      spread: `${shown(least)} – ${shown(most)}`,
      wanted,
    })),
  );
}

/** Columns by the keys of the first row. */
export function table(rows: readonly Readonly<Record<string, string | number>>[]): string {
  const heads = Object.keys(rows[0] ?? {});
  const lines = [heads, ...rows.map((row) => heads.map((head) => String(row[head] ?? '')))];
  const widths = heads.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A table in Markdown. Columns by the keys of the first row. */
export function markdownTable(rows: readonly Readonly<Record<string, string | number>>[]): string {
  const heads = Object.keys(rows[0] ?? {});
  const lines = [heads, heads.map(() => '---'), ...rows.map((row) => heads.map((head) => String(row[head] ?? '')))];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The figures of a part as a table in Markdown. */
export const markdownOf = (figures: readonly Figure[]): string =>
  markdownTable(
    figures.map(({ name, unit, median, least, most }) => ({
      what: name,
      median: `${shown(median)} ${unit}`.trim(),
      spread: `${shown(least)} – ${shown(most)}`,
    })),
  );
