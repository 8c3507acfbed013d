/** `stream`: Node's own, as the package readable-stream. */
import { Stream } from 'readable-stream';

const { Readable } = Stream;

const collect = async (stream: AsyncIterable<Uint8Array | string>): Promise<Uint8Array> => {
  const encoder = new TextEncoder();
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(typeof piece === 'string' ? encoder.encode(piece) : piece);
  const bytes = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
};
const text = async (stream: AsyncIterable<Uint8Array>): Promise<string> =>
  new TextDecoder().decode(await collect(stream));

/** `stream/consumers` */
export const consumers = {
  arrayBuffer: async (stream: AsyncIterable<Uint8Array>) => (await collect(stream)).buffer,
  bytes: collect,
  text,
  json: async (stream: AsyncIterable<Uint8Array>): Promise<unknown> => JSON.parse(await text(stream)),
};

/** `stream/web`: as far as the globals are there. */
export const web: object = Object.create(globalThis) as object;

/** The web's streams are iterable. */
const fromWeb = (stream: AsyncIterable<unknown>, options?: object): unknown => Readable.from(stream, options);

export default Object.assign(Stream, { Readable: Object.assign(Readable, { fromWeb }) });
