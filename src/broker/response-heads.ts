/**
 * Rewrites the heads of HTTP/1.1 responses where undici is stricter than the RFCs. It drops the connection at
 * a 100 (Continue) that it did not ask for, which a client must accept (RFC 9110, 15.2), and at a folded
 * header line, which a client joins with spaces (RFC 9112, 5.2).
 */

const [TAB, LF, CR, SPACE] = [0x09, 0x0a, 0x0d, 0x20];
/** Where the status stands in `HTTP/1.1 100`. */
const STATUS_START = 9;
const STATUS_END = 12;
const DIGIT_TWO = 0x32;

/** Reads the bytes of one connection in order. Bodies pass through untouched. */
export class ResponseHeads {
  #isInBody = false;
  /** Position in the head. */
  #offset = 0;
  #status = '';
  #lineBytes = 0;
  #linesEnded = 0;
  /** A line end that waits for the next byte, which may continue the line. */
  #held: '' | 'CR' | 'CRLF' = '';
  #responses = 0;

  /** Call when a request is written: the next bytes are the head of its response. */
  expect(): void {
    if (this.#isInBody) this.#beginHead();
  }

  /** The connection has answered before, and nothing of the next response has arrived. */
  get isReused(): boolean {
    return this.#responses > 0 && (this.#isInBody || this.#offset === 0);
  }

  take(chunk: Buffer): Buffer {
    if (this.#isInBody) return chunk;
    // A line end that was held back before this chunk adds two bytes.
    const output = Buffer.allocUnsafe(chunk.length + 2);
    let length = 0;
    for (let i = 0; i < chunk.length; i++) {
      length = this.#takeByte(chunk[i] as number, output, length);
      if (this.#isInBody) return Buffer.concat([output.subarray(0, length), chunk.subarray(i + 1)]);
    }
    return output.subarray(0, length);
  }

  /** @returns the new length of the output */
  #takeByte(byte: number, output: Buffer, length: number): number {
    if (this.#held === 'CR') return this.#takeAfterCr(byte, output, length);
    if (this.#held === 'CRLF') {
      // The status line cannot be folded.
      const isFolded = (byte === SPACE || byte === TAB) && this.#linesEnded > 0;
      if (!isFolded) this.#endLine();
      this.#held = '';
      return this.#takeByte(byte, output, this.#put(isFolded ? [SPACE, SPACE] : [CR, LF], output, length));
    }
    if (byte !== CR) {
      this.#lineBytes++;
      return this.#put([this.#asSent(byte)], output, length);
    }
    this.#held = 'CR';
    return length;
  }

  #takeAfterCr(byte: number, output: Buffer, length: number): number {
    if (byte === LF && this.#lineBytes > 0) {
      this.#held = 'CRLF';
      return length;
    }
    // An empty line ends the head. A CR alone is for the parser to refuse.
    this.#held = '';
    const newLength = this.#put([CR, byte], output, length);
    if (byte === LF) this.#endHead();
    return newLength;
  }

  #put(bytes: readonly number[], output: Buffer, length: number): number {
    output.set(bytes, length);
    this.#offset += bytes.length;
    return length + bytes.length;
  }

  /** undici skips every other interim response: 100 becomes 102. */
  #asSent(byte: number): number {
    if (this.#offset < STATUS_START || this.#offset >= STATUS_END) return byte;
    this.#status += String.fromCharCode(byte);
    return this.#status === '100' ? DIGIT_TWO : byte;
  }

  #endLine(): void {
    this.#lineBytes = 0;
    this.#linesEnded++;
  }

  #endHead(): void {
    if (this.#status.startsWith('1')) return this.#beginHead();
    this.#isInBody = true;
    this.#responses++;
  }

  #beginHead(): void {
    this.#isInBody = false;
    this.#offset = 0;
    this.#status = '';
    this.#lineBytes = 0;
    this.#linesEnded = 0;
    this.#held = '';
  }
}
