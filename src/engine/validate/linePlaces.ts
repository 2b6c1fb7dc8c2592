import type { FileWindow } from '../../storage/fileWindow.ts';
import { countNewlines, lineBlocks } from './lineBlocks.ts';

interface LinePlace {
  readonly offset: number;
  /** Number of the line that begins there, from 1. */
  readonly line: number;
}

/** Which line begins at which offset of a file that is read nearly in order. */
export class LinePlaces {
  readonly #window: FileWindow;
  /** Where reading left the order, so that going back there costs nothing. */
  readonly #left: LinePlace[] = [{ offset: 0, line: 1 }];
  #here: LinePlace = { offset: 0, line: 1 };

  constructor(window: FileWindow) {
    this.#window = window;
  }

  /** The line that begins at an offset; counts where nothing nearer is known. */
  async lineAt(offset: number): Promise<number> {
    if (offset === this.#here.offset) return this.#here.line;
    let nearest: LinePlace = { offset: 0, line: 1 };
    for (const place of [...this.#left, this.#here]) {
      if (place.offset <= offset && place.offset > nearest.offset) nearest = place;
    }
    if (nearest.offset === offset) return nearest.line;
    this.#left.push(this.#here);
    let { line } = nearest;
    for await (const { bytes, isTooLong } of lineBlocks(this.#window, nearest.offset, offset)) {
      line += isTooLong ? 1 : countNewlines(bytes);
    }
    return line;
  }

  /** Lines have been read up to an offset. */
  moveTo(offset: number, line: number): void {
    this.#here = { offset, line };
  }
}
