/** The pictures of the dashboard that the documents show. */
import type { Scene } from './scene.ts';

interface Picture {
  readonly name: string;
  readonly path: (ids: Scene['ids']) => string;
  /** A text that the page shows once it has all its data. */
  readonly shows: string | RegExp;
  readonly height: number;
}

export const pictures: readonly Picture[] = [
  { name: 'dashboard', path: () => '#/', shows: /Update to 1\.1\.0/, height: 945 },
  { name: 'setup', path: ({ unfinished }) => `#/integrations/${unfinished}/setup`, shows: /chart/i, height: 720 },
  { name: 'flow', path: ({ mirror, flow }) => `#/integrations/${mirror}/flows/${flow}`, shows: '30 sent', height: 815 },
];

export const schemes = ['light', 'dark'] as const;
export const fileOf = (name: string, scheme: (typeof schemes)[number]): string => `${name}-${scheme}.webp`;
