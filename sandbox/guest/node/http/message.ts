/** A response. Its body has arrived as a whole, decompressed. */
import { Buffer } from '../buffer.ts';
import stream from '../stream.ts';
import type { Socket } from './socket.ts';

/** Of these headers, the first counts. */
const SINGLE =
  /^(?:age|authorization|content-length|content-type|etag|expires|from|host|if-modified-since|if-unmodified-since|last-modified|location|max-forwards|proxy-authorization|referer|retry-after|server|user-agent)$/;
const PIECE_BYTES = 64 * 1024;

export class IncomingMessage extends stream.Readable {
  readonly httpVersion = '1.1';
  readonly httpVersionMajor = 1;
  readonly httpVersionMinor = 1;
  readonly headers: Record<string, string | string[]> = {};
  readonly rawHeaders: string[] = [];
  readonly trailers = {};
  readonly rawTrailers = [];
  readonly url = '';
  readonly method = null;
  statusCode = 0;
  statusMessage = '';
  complete = false;
  aborted = false;
  /** Own properties, for which packages look. */
  socket: Socket;
  connection: Socket;
  #body: Uint8Array = Buffer.alloc(0);
  #at = 0;

  constructor(socket: Socket) {
    super();
    this.socket = socket;
    this.connection = socket;
  }

  /** Takes status, headers and body from the reply. */
  async receive(response: Response): Promise<void> {
    this.statusCode = response.status;
    this.statusMessage = response.statusText;
    const isDecoded = response.headers.has('content-encoding');
    for (const [name, value] of response.headers) {
      if (isDecoded && (name === 'content-encoding' || name === 'content-length')) continue;
      this.rawHeaders.push(name, value);
      this.#addHeader(name, value);
    }
    this.#body = new Uint8Array(await response.arrayBuffer());
  }

  setTimeout(ms: number, callback?: () => void): this {
    this.socket.setTimeout(ms, callback);
    return this;
  }

  override _read(): void {
    if (this.#at < this.#body.length) {
      const piece = this.#body.subarray(this.#at, this.#at + PIECE_BYTES);
      this.#at += piece.length;
      this.push(Buffer.from(piece));
      return;
    }
    this.complete = true;
    this.push(null);
  }

  #addHeader(name: string, value: string): void {
    const earlier = this.headers[name];
    if (name === 'set-cookie') this.headers[name] = [...((earlier as string[] | undefined) ?? []), value];
    else if (earlier === undefined) this.headers[name] = value;
    else if (!SINGLE.test(name)) this.headers[name] = `${earlier as string}, ${value}`;
  }
}
