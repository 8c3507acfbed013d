/** Draws a chart of stacked bars, with axes. The only importer of uPlot. */
import uPlot from 'uplot';

export interface Bar {
  /** Below the axis. */
  readonly label: string;
  readonly good: number;
  /** Stands on top of what is good. */
  readonly bad: number;
}

export interface DrawnChart {
  /** Moves the cursor to a bar. */
  readonly select: (index: number) => void;
  readonly destroy: () => void;
}

const HEIGHT_PX = 220;

/**
 * @param unit what the bars count, for the axis
 * @param onSelect called with the index of the bar under the pointer
 */
export function drawChart(
  place: HTMLElement,
  all: readonly Bar[],
  unit: string,
  onSelect: (index: number) => void,
): DrawnChart {
  const style = getComputedStyle(place);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: colour('--text-muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { stroke: colour('--line'), width: 1 },
    font: `12px ${style.fontFamily}`,
  };
  const bars = uPlot.paths.bars?.({ size: [0.7, 40] });
  const series = (name: string): uPlot.Series => ({
    fill: colour(name),
    stroke: colour(name),
    width: 0,
    points: { show: false },
    ...(bars ? { paths: bars } : {}),
  });
  const plot = new uPlot(
    {
      width: place.clientWidth,
      height: HEIGHT_PX,
      legend: { show: false },
      // Space at the left and right for half a bar; counts start at zero.
      scales: {
        x: { time: false, range: () => [-0.6, all.length - 0.4] },
        y: { range: (_, __, max) => [0, Math.max(1, max * 1.05)] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000],
          space: 70,
          values: (_, splits) => splits.map((index) => all[index]?.label ?? ''),
        },
        {
          ...axis,
          label: unit,
          labelFont: `12px ${style.fontFamily}`,
          size: 64,
          incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500]
            .flatMap((each) => [each, each * 1e3, each * 1e6])
            .sort((a, b) => a - b),
          values: (_, splits) => splits.map((value) => value.toLocaleString(undefined, { notation: 'compact' })),
        },
      ],
      // What is good stands in front of all, so that what is bad is seen above it.
      series: [{}, series('--bad'), series('--good')],
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      hooks: {
        setCursor: [({ cursor: { idx, event } }) => event && typeof idx === 'number' && onSelect(idx)],
      },
    },
    [all.map((_, index) => index), all.map(({ good, bad }) => good + bad), all.map(({ good }) => good)],
    place,
  );
  const observer = new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: HEIGHT_PX }));
  observer.observe(place);
  return {
    select: (index) => plot.setCursor({ left: plot.valToPos(index, 'x'), top: 0 }, false),
    destroy() {
      observer.disconnect();
      plot.destroy();
    },
  };
}
