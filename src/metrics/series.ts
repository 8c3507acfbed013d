/** Metric values by labels. On the hot path of a call, so that one look-up finds a series to count in. */
import type { MetricObjectWithValues, MetricValue } from 'prom-client';

export interface MetricOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

export interface Series<T> {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: T;
}

export class SeriesMap<T> {
  readonly #options: MetricOptions;
  readonly #initial: () => T;
  readonly #series = new Map<string, Series<T>>();
  /** The series used last, which is usually used next. */
  #last: { readonly labels: readonly string[]; readonly value: T } | undefined;

  /** @param initial makes the value of a new series */
  constructor(options: MetricOptions, initial: () => T) {
    this.#options = options;
    this.#initial = initial;
  }

  /** @param labels in the order of `labelNames`; few distinct values, never taken from a request */
  of(labels: readonly string[]): T {
    const last = this.#last;
    if (last?.labels.every((label, index) => label === labels[index])) return last.value;
    const value = this.#find(labels);
    this.#last = { labels, value };
    return value;
  }

  #find(labels: readonly string[]): T {
    const key = labels.join(' ');
    const present = this.#series.get(key);
    if (present) return present.value;
    const named = Object.fromEntries(this.#options.labelNames.map((name, index) => [name, labels[index] ?? '']));
    const series = { labels: named, value: this.#initial() };
    this.#series.set(key, series);
    return series.value;
  }

  /** The shape that `get` of a prom-client metric returns. */
  toPromClient<V extends MetricValue<string>>(
    type: 'counter' | 'histogram',
    valuesOf: (series: Series<T>) => V[],
  ): MetricObjectWithValues<V> {
    const { name, help } = this.#options;
    const values = [...this.#series.values()].flatMap(valuesOf);
    return { name, help, type: type as never, aggregator: 'sum', collect: () => {}, values };
  }
}
