/** `TextEncoder` and `TextDecoder`. The tables of the multi-byte encodings are a separate library. */
import { TextDecoder, TextEncoder } from '@exodus/bytes/encoding.js';

// Members of a JavaScript class are not enumerable; those of a Web IDL interface are.
for (const { prototype } of [TextDecoder, TextEncoder]) {
  for (const name of Object.getOwnPropertyNames(prototype)) {
    if (name !== 'constructor') Object.defineProperty(prototype, name, { enumerable: true });
  }
}

export { TextDecoder, TextEncoder };
