/** A growing byte buffer with WebAssembly's integer encodings (WebAssembly core §5.2.2). */

export class ByteWriter {
  #bytes = new Uint8Array(256);
  length = 0;

  #room(more: number): void {
    if (this.length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + more));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.length++] = value;
  }
  raw(bytes: ArrayLike<number>): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }
  unsigned(value: number): void {
    let rest = value >>> 0;
    for (; rest > 127; rest >>>= 7) this.byte((rest & 127) | 128);
    this.byte(rest);
  }
  signed(value: bigint): void {
    let rest = value;
    for (;;) {
      const low = Number(rest & 127n);
      rest >>= 7n;
      if ((rest === 0n && !(low & 64)) || (rest === -1n && low & 64)) { this.byte(low); return; }
      this.byte(low | 128);
    }
  }
  signed32(value: number): void {
    let rest = value | 0;
    for (;;) {
      const low = rest & 127;
      rest >>= 7;
      if ((rest === 0 && !(low & 64)) || (rest === -1 && low & 64)) { this.byte(low); return; }
      this.byte(low | 128);
    }
  }
  name(text: string): void {
    this.unsigned(text.length);
    for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i));
  }
  /** The bytes written so far; a view, valid until the next write. */
  view(): Uint8Array<ArrayBuffer> { return this.#bytes.subarray(0, this.length); }
}
