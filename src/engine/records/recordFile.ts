import { randomUUID } from 'node:crypto';
import { messageOf } from '../../core/errors.ts';
import type {
  RecordBlock,
  RecordFilter,
  RecordOrigin,
  RecordsSession,
  RecordsStatus,
  RecordText,
} from '../../core/records.ts';
import { parseJson } from '../../core/json.ts';
import {
  readFully,
  withFile,
  type FileStatus,
  type FileSystem,
  type StorageFile,
} from '../../storage/fileSystem.ts';
import { IndexedRanges } from '../../storage/indexedRanges.ts';
import { newline } from '../../storage/journalReader.ts';
import type { SessionLayout } from '../../storage/layout.ts';
import { LineAnchors } from './lineAnchors.ts';
import { linesInPieces, type LinePart } from './lineParts.ts';
import { originOf } from './recordOrigin.ts';
import { longLineBytes, lineText, recordRow } from './recordRow.ts';
import { RecordSearch } from './recordSearch.ts';

/** What is known of a data file by its session. */
export interface JournalledFile extends RecordsSession {
  readonly layout: SessionLayout;
  /** As journals name it. */
  readonly file: string;
  /** How much of it the journal has committed now. */
  committedBytes(): Promise<number>;
}

/** While lines are counted. */
const countPieceBytes = 1024 * 1024;
/** While a few lines are read. */
const readPieceBytes = 128 * 1024;
/** One place is remembered for so many bytes: finding a line reads that much. */
const anchorEveryBytes = 256 * 1024;
/** Reading so much more takes a moment only. */
const quickBytes = 2 * 1024 * 1024;
/** What is remembered of a file's end, to see whether it was only appended to. */
const endBytes = 4096;
/** A block ends after so many bytes, however few its records are. */
const maxBlockBytes = 8 * 1024 * 1024;

/** A place in the file where a line begins. */
interface LinePlace {
  readonly line: number;
  readonly offset: number;
}

/**
 * A file of JSON lines, of any size, as somebody looks at it: read only, in parts, with flat memory. Where its session's
 * index knows its ranges, any record is found at once; of any other file, lines are counted beside other work.
 */
export class RecordFile {
  readonly #fileSystem: FileSystem;
  readonly #path: string;
  readonly #journalled: JournalledFile | undefined;
  #generation: string = randomUUID();
  #looking: Promise<void> | undefined;
  #identity: string | undefined;
  #problem: string | undefined;
  #anchors = new LineAnchors();
  /** How much of the file, from its beginning on, the index has places for. */
  #indexed: { bytes: number; lines: number } = { bytes: 0, lines: 0 };
  /** The index was wrong about this file once. */
  #isIndexDistrusted = false;
  /** Lines whose newline was met, and where the next one begins. */
  #counted: LinePlace = { line: 0, offset: 0 };
  #countedBytes = 0;
  #counting: Promise<void> | undefined;
  #shownBytes = 0;
  #fileBytes = 0;
  #committedBytes = 0;
  #modifiedMs = 0;
  #end: { generation: string; offset: number; bytes: Buffer } = {
    generation: '',
    offset: 0,
    bytes: Buffer.alloc(0),
  };
  #search: RecordSearch | undefined;
  #searching: Promise<void> | undefined;

  /** @param journalled left out for a file that no session is known of. */
  constructor(fileSystem: FileSystem, path: string, journalled?: JournalledFile) {
    this.#fileSystem = fileSystem;
    this.#path = path;
    this.#journalled = journalled;
  }

  /** Looks at the file, and goes on with what has to be done where it has grown. */
  async look(): Promise<RecordsStatus> {
    this.#looking ??= this.#lookAtFile()
      .then(() => {
        this.#goOn();
      })
      .catch((error: unknown) => {
        this.#problem = messageOf(error);
      })
      .finally(() => {
        this.#looking = undefined;
      });
    await this.#looking;
    // What takes a moment only is not told of as unfinished: a session that runs adds some all the time.
    if (this.#shownBytes - this.#countedBytes < quickBytes) await this.#counting;
    const searched = this.#search?.status(this.#shownBytes).doneBytes ?? 0;
    if (this.#shownBytes - searched < quickBytes) await this.#searching;
    return this.#status();
  }

  /** Resolves when everything that was there at the last look is counted and searched. */
  async settled(): Promise<void> {
    await this.#counting;
    await this.#searching;
  }

  /** Consecutive records, or matches of the filter. */
  async read(first: number, count: number, isFiltered: boolean): Promise<RecordBlock> {
    const generation = this.#generation;
    const rows = await this.#withFile(async (file) => {
      const lines = isFiltered
        ? this.#matches(file, first, count)
        : this.#lines(file, first, count);
      const found = [];
      for await (const { line, part } of lines) found.push(recordRow(line, part));
      return found;
    });
    return { generation, rows: rows ?? [] };
  }

  /** One record in full, up to so many bytes. Undefined where there is none. */
  async readRecord(record: number, maxBytes: number): Promise<RecordText | undefined> {
    const generation = this.#generation;
    return this.#withFile(async (file) => {
      const part = await this.#line(file, record, maxBytes);
      if (part === undefined) return undefined;
      const isCut = part.head.length < part.bytes;
      // What is cut may end in the middle of a character.
      const text = isCut
        ? new TextDecoder().decode(part.head, { stream: true })
        : lineText(part.head);
      const problem = isCut ? null : problemOf(text);
      const { offset, bytes } = part;
      return { generation, record, offset, bytes, text, isCut, problem };
    });
  }

  /** Which unit a record came from; undefined where the journal does not say it. */
  async originOf(record: number): Promise<RecordOrigin | undefined> {
    const journalled = this.#journalled;
    if (journalled === undefined) return undefined;
    const offset = await this.#withFile(
      async (file) => (await this.#line(file, record, 1))?.offset,
    );
    return offset === undefined ? undefined : originOf(this.#fileSystem, journalled, offset);
  }

  /** Begins to look for records that fit; undefined ends that. */
  filter(filter: RecordFilter | undefined): void {
    this.#search?.end();
    this.#search = filter && new RecordSearch(filter);
    this.#searching = undefined;
    this.#goOn();
  }

  /** Ends what goes on. */
  close(): void {
    this.#search?.end();
    this.#identity = undefined;
    this.#generation = randomUUID();
  }

  #status(): RecordsStatus {
    const isMissing = this.#identity === undefined && this.#problem === undefined;
    const condition = isMissing ? 'missing' : this.#problem === undefined ? 'ready' : 'unreadable';
    const isCounted = this.#countedBytes >= this.#shownBytes;
    const hasOpenLine = isCounted && this.#counted.offset < this.#countedBytes;
    const journalled = this.#journalled;
    return {
      generation: this.#generation,
      condition,
      problem: this.#problem ?? null,
      bytes: this.#shownBytes,
      uncommittedBytes: this.#fileBytes - this.#shownBytes,
      lackingBytes: Math.max(0, this.#committedBytes - this.#fileBytes),
      records: this.#counted.line + (hasOpenLine ? 1 : 0),
      isCounted,
      countedBytes: this.#countedBytes,
      search: this.#search?.status(this.#shownBytes) ?? null,
      session: journalled
        ? { session: journalled.session, name: journalled.name, role: journalled.role }
        : null,
    };
  }

  async #lookAtFile(): Promise<void> {
    // Asked first: what is committed is in the file, whatever is appended meanwhile.
    const committed = await this.#journalled?.committedBytes();
    const status = await this.#fileSystem.status(this.#path);
    this.#problem = undefined;
    if (status === undefined) {
      this.#identity = undefined;
      return;
    }
    if (status.isDirectory) throw new Error('It is a folder.');
    this.#fileBytes = status.size;
    this.#committedBytes = committed ?? 0;
    const shown = Math.min(status.size, committed ?? status.size);
    const isAnother =
      status.identity !== this.#identity ||
      shown < this.#countedBytes ||
      (this.#journalled === undefined && (await this.#wasEdited(status)));
    this.#shownBytes = shown;
    this.#modifiedMs = status.modifiedMs;
    this.#identity = status.identity;
    if (isAnother) this.#begin();
    if (this.#journalled === undefined) await this.#keepEnd();
  }

  /** Whether somebody has written into the file, and not only to its end. */
  async #wasEdited({ size, modifiedMs }: FileStatus): Promise<boolean> {
    if (modifiedMs === this.#modifiedMs) return false;
    if (size === this.#shownBytes) return true;
    const { offset, bytes } = this.#end;
    const now = await this.#withFile((file) => readFully(file, offset, bytes.length));
    return now?.equals(bytes) !== true;
  }

  /** Remembers the end of what is shown: where bytes are put in before it, others will stand there. */
  async #keepEnd(): Promise<void> {
    const end = this.#end.offset + this.#end.bytes.length;
    if (end === this.#shownBytes && this.#end.generation === this.#generation) return;
    const offset = Math.max(0, this.#shownBytes - endBytes);
    const read = await this.#withFile((file) => readFully(file, offset, this.#shownBytes - offset));
    this.#end = { generation: this.#generation, offset, bytes: read ?? Buffer.alloc(0) };
  }

  /** Nothing is known of the lines. */
  #begin(): void {
    this.#generation = randomUUID();
    this.#anchors = new LineAnchors();
    this.#indexed = this.#indexedPart();
    this.#counted = { line: this.#indexed.lines, offset: this.#indexed.bytes };
    this.#countedBytes = this.#indexed.bytes;
    this.#counting = undefined;
    this.#search?.end();
    this.#search = undefined;
    this.#searching = undefined;
  }

  #indexedPart(): { bytes: number; lines: number } {
    const none = { bytes: 0, lines: 0 };
    if (this.#isIndexDistrusted) return none;
    const extent = this.#askIndex((index) => index.extent());
    return extent !== undefined && extent.bytes <= this.#shownBytes ? extent : none;
  }

  #askIndex<T>(question: (index: IndexedRanges) => T): T | undefined {
    if (this.#journalled === undefined) return undefined;
    return IndexedRanges.ask(this.#journalled.layout, this.#journalled.file, question);
  }

  #goOn(): void {
    if (this.#identity === undefined) return;
    const generation = this.#generation;
    if (this.#countedBytes < this.#shownBytes) {
      this.#counting ??= this.#beside(async (file) => {
        await this.#count(file, generation);
      }).finally(() => {
        if (this.#generation === generation) this.#counting = undefined;
      });
    }
    const search = this.#search;
    if (search?.isBehind(this.#shownBytes) === true) {
      this.#searching ??= this.#beside((file) => search.run(file, this.#shownBytes)).finally(() => {
        if (this.#search === search) this.#searching = undefined;
      });
    }
  }

  /** Does what nobody waits for: why it failed, the status tells. */
  async #beside(work: (file: StorageFile) => Promise<void>): Promise<void> {
    try {
      await this.#withFile(work);
    } catch (error) {
      this.#problem = messageOf(error);
    }
  }

  async #count(file: StorageFile, generation: string): Promise<void> {
    const buffer = Buffer.allocUnsafe(countPieceBytes);
    let { line, offset } = this.#counted;
    let anchored = offset;
    while (this.#generation === generation && this.#countedBytes < this.#shownBytes) {
      const position = this.#countedBytes;
      const wanted = Math.min(countPieceBytes, this.#shownBytes - position);
      const length = await file.read(buffer.subarray(0, wanted), position);
      if (length === 0 || this.#generation !== generation) return;
      const piece = buffer.subarray(0, length);
      for (let end = piece.indexOf(newline); end >= 0; end = piece.indexOf(newline, end + 1)) {
        line += 1;
        offset = position + end + 1;
        if (offset - anchored < anchorEveryBytes) continue;
        this.#anchors.add(line, offset);
        anchored = offset;
      }
      this.#counted = { line, offset };
      this.#countedBytes = position + length;
    }
  }

  /** Opens the file for a question. Undefined where it is gone, or is another one: the next look says so. */
  async #withFile<T>(question: (file: StorageFile) => Promise<T>): Promise<T | undefined> {
    if (this.#identity === undefined) return undefined;
    return withFile(this.#fileSystem, this.#path, 'read', async (file) =>
      (await file.status()).identity === this.#identity ? question(file) : undefined,
    );
  }

  async #line(file: StorageFile, record: number, keepBytes: number): Promise<LinePart | undefined> {
    for await (const { part } of this.#lines(file, record, 1, keepBytes)) return part;
    return undefined;
  }

  async *#lines(
    file: StorageFile,
    first: number,
    count: number,
    keepBytes = longLineBytes,
  ): AsyncGenerator<{ line: number; part: LinePart }, void, void> {
    const place = this.#placeBefore(first);
    if (!(await isLineStart(file, place.offset))) {
      this.#distrustIndex();
      return;
    }
    let { line } = place;
    let bytes = 0;
    const part = {
      from: place.offset,
      to: this.#shownBytes,
      keepBytes,
      pieceBytes: readPieceBytes,
    };
    for await (const parts of linesInPieces(file, part)) {
      for (const found of parts) {
        if (line >= first + count || bytes > maxBlockBytes) return;
        if (line >= first) {
          bytes += found.head.length;
          yield { line, part: found };
        }
        line += 1;
      }
    }
  }

  async *#matches(
    file: StorageFile,
    first: number,
    count: number,
  ): AsyncGenerator<{ line: number; part: LinePart }, void, void> {
    let bytes = 0;
    for (const { record, offset } of this.#search?.matches.slice(first, count) ?? []) {
      if (bytes > maxBlockBytes) return;
      const part = {
        from: offset,
        to: this.#shownBytes,
        keepBytes: longLineBytes,
        pieceBytes: 32 * 1024,
      };
      for await (const [found] of linesInPieces(file, part)) {
        if (found === undefined) continue;
        bytes += found.head.length;
        yield { line: record, part: found };
        break;
      }
    }
  }

  #placeBefore(line: number): LinePlace {
    const begin = { line: 0, offset: 0 };
    const { bytes, lines } = this.#indexed;
    if (line >= lines) return this.#anchors.before(line) ?? { line: lines, offset: bytes };
    const range = this.#askIndex((index) => index.atLine(line, bytes));
    return range === undefined ? begin : { line: range.firstLine, offset: range.offset };
  }

  /** The bytes are not those that the index speaks of: the lines are counted as they are. */
  #distrustIndex(): void {
    this.#isIndexDistrusted = true;
    this.#begin();
  }
}

async function isLineStart(file: StorageFile, offset: number): Promise<boolean> {
  if (offset === 0) return true;
  const before = Buffer.alloc(1);
  return (await file.read(before, offset - 1)) === 1 && before[0] === newline;
}

function problemOf(text: string): string | null {
  try {
    parseJson(text);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}
