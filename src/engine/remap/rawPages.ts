import type { JsonValue } from '../../core/json.ts';
import { rawLineOf, type RawItemLine } from '../../core/rawLine.ts';
import { rawRanges, type JournalPart } from './rawRanges.ts';

/** An item of a raw file, and the unit that it was received for. */
export interface RawItem {
  /** The unit's number, in the session that received it. */
  readonly unit: number;
  readonly item: JsonValue;
}

/** How far a raw file was read, and what was found so far: a cursor. */
export interface RawPlace {
  /** Where the last page ends in the file. */
  readonly offset: number;
  readonly pages: number;
  readonly items: number;
  /** Pages without the mark at their end, or with another number of items than it says: left out. */
  readonly unfinished: number;
  /** Lines that are not what the journal says of them: left out. */
  readonly lost: number;
}

/** Some pages of a raw file. */
export interface RawPages {
  readonly items: RawItem[];
  readonly after: RawPlace;
}

/** Before the first page. */
export const rawStart: RawPlace = { offset: 0, pages: 0, items: 0, unfinished: 0, lost: 0 };

const itemsAtOnce = 1000;
const bytesAtOnce = 1024 * 1024;

/**
 * The items of a raw file by whole pages, several at once, in the order in which they were received. A page that never
 * got its mark was never acknowledged, and is left out. Where lines are damaged since, what is left of their pages is
 * given.
 *
 * @param file as the journal names it; `path` is where it is.
 */
export async function* rawPages(
  part: JournalPart,
  file: string,
  path: string,
  from: RawPlace,
  signal: AbortSignal,
): AsyncGenerator<RawPages, void, void> {
  const pages = new PageReader(from);
  for await (const { lines, end, lost } of rawRanges(part, file, path, from.offset, signal)) {
    if (lost > 0) pages.lose(lost);
    for (const line of lines) pages.add(line.bytes, line.end);
    if (lost > 0) pages.endDamaged(end);
    if (pages.isFull) yield pages.take();
  }
  pages.end();
  if (pages.hasNews) yield pages.take();
}

class PageReader {
  #place: RawPlace;
  /** What was handed out last. */
  #taken: RawPlace;
  #items: RawItem[] = [];
  #bytes = 0;
  /** The page that is being read. */
  #open: RawItemLine[] = [];
  #openEnd = 0;
  /** Lines are lost of what is read now. */
  #hasLost = false;

  constructor(from: RawPlace) {
    this.#place = from;
    this.#taken = from;
  }

  get isFull(): boolean {
    return this.#items.length >= itemsAtOnce || this.#bytes >= bytesAtOnce;
  }

  get hasNews(): boolean {
    return this.#place !== this.#taken;
  }

  take(): RawPages {
    const items = this.#items;
    this.#items = [];
    this.#bytes = 0;
    this.#taken = this.#place;
    return { items, after: this.#place };
  }

  /** Lines of what comes next are lost: what is left of their pages is given. */
  lose(lines: number): void {
    this.#endUnfinished();
    this.#hasLost = true;
    this.#place = { ...this.#place, lost: this.#place.lost + lines };
  }

  add(bytes: Buffer, end: number): void {
    const line = rawLineOf(bytes);
    if (line === undefined) {
      this.#place = { ...this.#place, lost: this.#place.lost + 1 };
      return;
    }
    this.#bytes += bytes.length;
    if (!line.isEnd) {
      if (!this.#goesOn(line)) this.#endUnfinished();
      this.#open.push(line);
      this.#openEnd = end;
      return;
    }
    const isWhole =
      this.#open.length === line.items && this.#open.every((item) => item.unit === line.unit);
    if (isWhole || this.#hasLost) this.#keep();
    else this.#leaveOut();
    this.#place = { ...this.#place, offset: end, pages: this.#place.pages + 1 };
  }

  /** The lines that were announced as partly lost end here. */
  endDamaged(offset: number): void {
    this.#endUnfinished();
    this.#hasLost = false;
    this.#place = { ...this.#place, offset };
  }

  end(): void {
    this.#endUnfinished();
  }

  #goesOn({ unit, intent, i }: RawItemLine): boolean {
    const last = this.#open.at(-1);
    return last === undefined || (last.unit === unit && last.intent === intent && last.i < i);
  }

  #endUnfinished(): void {
    if (this.#open.length === 0) return;
    this.#place = { ...this.#place, offset: this.#openEnd };
    if (this.#hasLost) this.#keep();
    else this.#leaveOut();
  }

  #keep(): void {
    for (const { unit, item } of this.#open) this.#items.push({ unit, item });
    this.#place = { ...this.#place, items: this.#place.items + this.#open.length };
    this.#open = [];
  }

  #leaveOut(): void {
    this.#place = { ...this.#place, unfinished: this.#place.unfinished + 1 };
    this.#open = [];
  }
}
