/** `TextEncoder` and `TextDecoder`. The tables of the multi-byte encodings come as a library of their own. */
import { TextDecoder, TextEncoder } from '@exodus/bytes/encoding.js';

// The library's are classes as JavaScript has them; members of an interface can be listed.
for (const { prototype } of [TextDecoder, TextEncoder]) {
  for (const name of Object.getOwnPropertyNames(prototype)) {
    if (name !== 'constructor') Object.defineProperty(prototype, name, { enumerable: true });
  }
}

export { TextDecoder, TextEncoder };
