/** `npm run pictures`: renews the pictures in docs/images. */
import { join } from 'node:path';
import { root } from '../../support/markdown.ts';
import { fileOf, pictures, schemes } from './list.ts';
import { takePictures } from './take.ts';

const folder = join(root, 'docs/images');
await takePictures(folder);
for (const { name } of pictures)
  for (const scheme of schemes) process.stdout.write(`${join('docs/images', fileOf(name, scheme))}\n`);
