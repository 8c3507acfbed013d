/** What is counted by labels, on the way of a call: one look-up finds a series, which counts in place. */
import type { MetricObjectWithValues, MetricValue } from 'prom-client';

export interface MetricOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

export interface Series<T> {
  readonly labels: Readonly<Record<string, string>>;
  readonly counted: T;
}

export class AllSeries<T> {
  readonly #options: MetricOptions;
  readonly #begin: () => T;
  readonly #series = new Map<string, Series<T>>();
  /** What was counted last: mostly what is counted next. */
  #last: { readonly labels: readonly string[]; readonly counted: T } | undefined;

  /** @param begin what a series has counted before anything came */
  constructor(options: MetricOptions, begin: () => T) {
    this.#options = options;
    this.#begin = begin;
  }

  /** @param labels in the order of their names; few different ones, none made from a request */
  of(labels: readonly string[]): T {
    const last = this.#last;
    if (last?.labels.every((label, index) => label === labels[index])) return last.counted;
    const counted = this.#find(labels);
    this.#last = { labels, counted };
    return counted;
  }

  #find(labels: readonly string[]): T {
    const key = labels.join(' ');
    const present = this.#series.get(key);
    if (present) return present.counted;
    const named = Object.fromEntries(this.#options.labelNames.map((name, index) => [name, labels[index] ?? '']));
    const series = { labels: named, counted: this.#begin() };
    this.#series.set(key, series);
    return series.counted;
  }

  /** As prom-client's metrics answer. */
  described<V extends MetricValue<string>>(
    type: 'counter' | 'histogram',
    valuesOf: (series: Series<T>) => V[],
  ): MetricObjectWithValues<V> {
    const { name, help } = this.#options;
    const values = [...this.#series.values()].flatMap(valuesOf);
    return { name, help, type: type as never, aggregator: 'sum', collect: () => {}, values };
  }
}
