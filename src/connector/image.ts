/** The image that a bundle brings along: what its `imageURL` names, if that is a path in the bundle. */
import { hash } from 'node:crypto';
import { extname } from 'node:path';
import type { BundleFiles } from './bundle-files.ts';

const IMAGE_LIMIT_BYTES = 512 * 1024;

const mediaTypes: Readonly<Record<string, string>> = {
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
};

export interface Image {
  readonly type: string;
  readonly bytes: Buffer;
  readonly etag: string;
}

/** Relative, and of a kind that is an image; a URL with a scheme or a host is for whoever shows it. */
export function imagePath(imageURL: string | undefined): string | undefined {
  if (imageURL === undefined || /^[/\\]|^[a-z][a-z\d+.-]*:|\0/i.test(imageURL)) return undefined;
  return Object.hasOwn(mediaTypes, extname(imageURL).toLowerCase()) ? imageURL : undefined;
}

/** Undefined for an image that is none, too large, not there, or not the bundle's own. */
export async function readImage(files: BundleFiles, imageURL: string | undefined): Promise<Image | undefined> {
  const path = imagePath(imageURL);
  if (path === undefined) return undefined;
  try {
    const bytes = await files.read(path, IMAGE_LIMIT_BYTES);
    return { type: mediaTypes[extname(path).toLowerCase()] as string, bytes, etag: `"${hash('sha256', bytes)}"` };
  } catch {
    // An image is no reason to refuse a bundle.
    return undefined;
  }
}
