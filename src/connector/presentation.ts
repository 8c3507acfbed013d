/** What a bundle shows to people: its image, its README and its changelog. */
import { hash } from 'node:crypto';
import type { BundleFiles } from './bundle-files.ts';
import { type Image, imagePath, readImage } from './image.ts';
import type { Manifest } from './manifest.ts';

/** Larger texts are not shown. */
export const TEXT_LIMIT_BYTES = 256 * 1024;

/** The texts and their files. */
export const bundleTexts = { readme: 'README.md', changelog: 'CHANGELOG.md' } as const;
export type BundleTextName = keyof typeof bundleTexts;
export const bundleTextNames = Object.keys(bundleTexts) as readonly BundleTextName[];

export interface BundleText {
  readonly text: string;
  readonly etag: string;
}

export interface Presentation {
  readonly image?: Image | undefined;
  readonly texts: ReadonlyMap<BundleTextName, BundleText>;
}

/** Files besides manifest and code, whether they exist or not. */
export function presentationFiles({ connector: { imageURL } }: Manifest): string[] {
  const image = imagePath(imageURL);
  return [...Object.values(bundleTexts), ...(image === undefined ? [] : [image])];
}

/** What is missing, too large or of another type is left out: it does not invalidate the bundle. */
export async function readPresentation(files: BundleFiles, imageURL: string | undefined): Promise<Presentation> {
  const texts = new Map<BundleTextName, BundleText>();
  for (const name of bundleTextNames) {
    const found = await readText(files, bundleTexts[name]);
    if (found) texts.set(name, found);
  }
  return { image: await readImage(files, imageURL), texts };
}

/** Equal for presentations that show the same. */
export const presentationKey = (presentation: Presentation | undefined): string =>
  [presentation?.image?.etag, ...bundleTextNames.map((name) => presentation?.texts.get(name)?.etag)].join(' ');

async function readText(files: BundleFiles, path: string): Promise<BundleText | undefined> {
  const bytes = await files.read(path, TEXT_LIMIT_BYTES).catch(() => undefined);
  // A file with null bytes is no text. Invalid UTF-8 is replaced.
  if (!bytes || bytes.includes(0)) return undefined;
  return { text: new TextDecoder().decode(bytes), etag: `"${hash('sha256', bytes)}"` };
}
