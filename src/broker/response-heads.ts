/**
 * Rewrites HTTP/1.1 response heads where undici is stricter than the RFCs. undici drops the connection at an unrequested
 * 100 (Continue), which a client must accept (RFC 9110, 15.2), and at a folded header line, which a client must join
 * with spaces (RFC 9112, 5.2).
 */

const [TAB, LF, CR, SPACE] = [0x09, 0x0a, 0x0d, 0x20];
/** Position of the status in `HTTP/1.1 100`. */
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
  /** A line end held back until the next byte shows whether the line continues. */
  #pendingLineEnd: '' | 'CR' | 'CRLF' = '';
  #responses = 0;

  /** Call when a request is written. The next bytes are the head of its response. */
  expect(): void {
    if (this.#isInBody) this.#beginHead();
  }

  /** True if the connection has answered before and nothing of the next response has arrived. */
  get isReused(): boolean {
    return this.#responses > 0 && (this.#isInBody || this.#offset === 0);
  }

  take(chunk: Buffer): Buffer {
    if (this.#isInBody) return chunk;
    // A line end held back from the last chunk adds two bytes.
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
    if (this.#pendingLineEnd === 'CR') return this.#takeAfterCr(byte, output, length);
    if (this.#pendingLineEnd === 'CRLF') {
      // The status line cannot be folded.
      const isFolded = (byte === SPACE || byte === TAB) && this.#linesEnded > 0;
      if (!isFolded) this.#endLine();
      this.#pendingLineEnd = '';
      return this.#takeByte(byte, output, this.#put(isFolded ? [SPACE, SPACE] : [CR, LF], output, length));
    }
    if (byte !== CR) {
      this.#lineBytes++;
      return this.#put([this.#rewriteStatus(byte)], output, length);
    }
    this.#pendingLineEnd = 'CR';
    return length;
  }

  #takeAfterCr(byte: number, output: Buffer, length: number): number {
    if (byte === LF && this.#lineBytes > 0) {
      this.#pendingLineEnd = 'CRLF';
      return length;
    }
    // An empty line ends the head. undici's parser rejects a lone CR.
    this.#pendingLineEnd = '';
    const newLength = this.#put([CR, byte], output, length);
    if (byte === LF) this.#endHead();
    return newLength;
  }

  #put(bytes: readonly number[], output: Buffer, length: number): number {
    output.set(bytes, length);
    this.#offset += bytes.length;
    return length + bytes.length;
  }

  /** Turns 100 into 102: undici skips any other interim response. */
  #rewriteStatus(byte: number): number {
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
    this.#pendingLineEnd = '';
  }
}
