/** `TextEncoder` and `TextDecoder`, and the same as streams. The tables of the multi-byte encodings are a separate library. */
import { TextDecoder, TextDecoderStream, TextEncoder, TextEncoderStream } from '@exodus/bytes/encoding.js';

// Members of a JavaScript class are not enumerable; those of a Web IDL interface are.
for (const { prototype } of [TextDecoder, TextDecoderStream, TextEncoder, TextEncoderStream]) {
  for (const name of Object.getOwnPropertyNames(prototype)) {
    if (name !== 'constructor') Object.defineProperty(prototype, name, { enumerable: true });
  }
}

export { TextDecoder, TextDecoderStream, TextEncoder, TextEncoderStream };
