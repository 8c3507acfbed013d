/** The image inside a bundle: `imageURL`, if that is a path in the bundle. */
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

/** The path, if relative and with an image's extension. URLs with a scheme or host are left to the client. */
export function imagePath(imageURL: string | undefined): string | undefined {
  if (imageURL === undefined || /^[/\\]|^[a-z][a-z\d+.-]*:|\0/i.test(imageURL)) return undefined;
  return Object.hasOwn(mediaTypes, extname(imageURL).toLowerCase()) ? imageURL : undefined;
}

/** Undefined if the image is missing, too large, of another type or outside the bundle. */
export async function readImage(files: BundleFiles, imageURL: string | undefined): Promise<Image | undefined> {
  const path = imagePath(imageURL);
  if (path === undefined) return undefined;
  try {
    const bytes = await files.read(path, IMAGE_LIMIT_BYTES);
    return { type: mediaTypes[extname(path).toLowerCase()] as string, bytes, etag: `"${hash('sha256', bytes)}"` };
  } catch {
    // A bad image does not invalidate the bundle.
    return undefined;
  }
}
