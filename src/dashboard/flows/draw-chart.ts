/** Draws the chart of a flow's jobs: one bar a job, with axes. The only importer of uPlot. */
import uPlot from 'uplot';
import type { Job } from '../api/types.ts';

export interface DrawnChart {
  /** Moves the cursor to a job. */
  readonly select: (index: number) => void;
  readonly destroy: () => void;
}

const HEIGHT_PX = 220;
const date = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

/**
 * @param jobs oldest first
 * @param onSelect called with the index of the job under the pointer
 */
export function drawChart(place: HTMLElement, jobs: readonly Job[], onSelect: (index: number) => void): DrawnChart {
  const style = getComputedStyle(place);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: colour('--text-muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { stroke: colour('--line'), width: 1 },
    font: `12px ${style.fontFamily}`,
  };
  const isOneDay = jobs[0]?.createdAt.slice(0, 10) === jobs.at(-1)?.createdAt.slice(0, 10);
  const labelOf = (index: number): string => {
    const job = jobs[index];
    return job ? (isOneDay ? time : date).format(new Date(job.createdAt)) : '';
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
      // Space at the left and right for half a bar; records start at zero.
      scales: {
        x: { time: false, range: () => [-0.6, jobs.length - 0.4] },
        y: { range: (_, __, max) => [0, Math.max(1, max * 1.05)] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000],
          space: 70,
          values: (_, splits) => splits.map(labelOf),
        },
        {
          ...axis,
          label: 'Records',
          labelFont: `12px ${style.fontFamily}`,
          size: 64,
          incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500]
            .flatMap((each) => [each, each * 1e3, each * 1e6])
            .sort((a, b) => a - b),
          values: (_, splits) => splits.map((value) => value.toLocaleString(undefined, { notation: 'compact' })),
        },
      ],
      // What succeeded stands in front of all, so that what failed is seen above it.
      series: [{}, series('--bad'), series('--good')],
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      hooks: {
        setCursor: [({ cursor: { idx, event } }) => event && typeof idx === 'number' && onSelect(idx)],
      },
    },
    [
      jobs.map((_, index) => index),
      jobs.map(({ numSuccess, numError }) => numSuccess + numError),
      jobs.map(({ numSuccess }) => numSuccess),
    ],
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
