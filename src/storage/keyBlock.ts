/** Keys of records and keys of units, on their way into `key_blocks`. */
export type KeyBlocks = readonly [records: KeyBlock, units: KeyBlock];

/** Keys on their way into `key_blocks`. */
export class KeyBlock {
  readonly #parts: Buffer[] = [];
  bytes = 0;

  push(part: Buffer): void {
    this.#parts.push(part);
    this.bytes += part.length;
  }

  take(): Buffer {
    this.bytes = 0;
    return Buffer.concat(this.#parts.splice(0));
  }
}
