import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { Bar, DrawnChart } from './draw-chart.ts';

interface BarChartProps {
  readonly heading: preact.JSX.Element;
  readonly bars: readonly Bar[];
  /** What the bars count, for the axis. */
  readonly unit: string;
  readonly names: { readonly good: string; readonly bad: string };
  /** The chart in a sentence. */
  readonly label: string;
  /** Label of the slider that walks through the bars. */
  readonly sliderLabel: string;
  /** A bar in words. */
  readonly textOf: (index: number) => string;
  /** The line below the chart, about the selected bar. */
  readonly captionOf: (index: number) => ComponentChildren;
  readonly summary: string;
  readonly children?: ComponentChildren;
}

/** Stacked bars, oldest on the left. The slider below walks through them with the keyboard. */
export function BarChart(props: BarChartProps) {
  const { heading, bars, unit, names, label, sliderLabel, textOf, captionOf, summary, children } = props;
  const id = useId();
  const [selected, setSelected] = useState<number>();
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<DrawnChart>(undefined);
  const isDark = useIsDark();
  const key = bars.map(({ label, good, bad }) => `${label} ${good} ${bad}`).join();
  useEffect(() => {
    let isGone = false;
    // The library is loaded with the first chart.
    void import('./draw-chart.ts').then(({ drawChart }) => {
      if (!isGone && place.current) chart.current = drawChart(place.current, bars, unit, setSelected);
    });
    return () => {
      isGone = true;
      chart.current?.destroy();
      chart.current = undefined;
    };
  }, [key, isDark]);
  const index = Math.min(selected ?? bars.length - 1, bars.length - 1);
  return (
    <figure class="card stack tight">
      <div class="row apart">
        {heading}
        <span class="legend small muted">
          <span>
            <span class="dot good" aria-hidden="true" /> {names.good}
          </span>
          <span>
            <span class="dot bad" aria-hidden="true" /> {names.bad}
          </span>
        </span>
      </div>
      <div class="flow-chart" ref={place} role="img" aria-label={label} />
      <label class="visually-hidden" for={id}>
        {sliderLabel}
      </label>
      <input
        id={id}
        type="range"
        class="chart-slider"
        min={0}
        max={bars.length - 1}
        value={index}
        aria-valuetext={textOf(index)}
        onInput={({ currentTarget: { valueAsNumber } }) => {
          setSelected(valueAsNumber);
          chart.current?.select(valueAsNumber);
        }}
      />
      <figcaption class="small row apart">
        <span>{captionOf(index)}</span>
        <span class="muted">{summary}</span>
      </figcaption>
      {children}
    </figure>
  );
}

/** A canvas does not follow the colours of the page. */
function useIsDark(): boolean {
  const [query] = useState(() => window.matchMedia('(prefers-color-scheme: dark)'));
  const [isDark, setIsDark] = useState(query.matches);
  useEffect(() => {
    const onChange = (): void => setIsDark(query.matches);
    query.addEventListener('change', onChange);
    return () => query.removeEventListener('change', onChange);
  }, [query]);
  return isDark;
}
