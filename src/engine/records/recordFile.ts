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
import { newline } from '../../storage/journalReader.ts';
import type { SessionLayout } from '../../storage/layout.ts';
import { LineIndex } from './lineIndex.ts';
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

/** While a few lines are read. */
const readPieceBytes = 128 * 1024;
/** Reading so much more takes a moment only. */
const quickBytes = 2 * 1024 * 1024;
/** What is remembered of a file's end, to see whether it was only appended to. */
const endBytes = 4096;
/** A block ends after so many bytes, however few its records are. */
const maxBlockBytes = 8 * 1024 * 1024;

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
  readonly #lineIndex: LineIndex;
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
    this.#lineIndex = new LineIndex(journalled);
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
    if (this.#shownBytes - this.#lineIndex.countedBytes < quickBytes) await this.#counting;
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
    const { counted, countedBytes } = this.#lineIndex;
    const isCounted = countedBytes >= this.#shownBytes;
    const hasOpenLine = isCounted && counted.offset < countedBytes;
    const journalled = this.#journalled;
    return {
      generation: this.#generation,
      condition,
      problem: this.#problem ?? null,
      bytes: this.#shownBytes,
      uncommittedBytes: this.#fileBytes - this.#shownBytes,
      lackingBytes: Math.max(0, this.#committedBytes - this.#fileBytes),
      records: counted.line + (hasOpenLine ? 1 : 0),
      isCounted,
      countedBytes,
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
      shown < this.#lineIndex.countedBytes ||
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
    this.#lineIndex.begin(this.#shownBytes);
    this.#counting = undefined;
    this.#search?.end();
    this.#search = undefined;
    this.#searching = undefined;
  }

  #goOn(): void {
    if (this.#identity === undefined) return;
    const generation = this.#generation;
    if (this.#lineIndex.countedBytes < this.#shownBytes) {
      this.#counting ??= this.#beside(async (file) => {
        const isCurrent = (): boolean => this.#generation === generation;
        await this.#lineIndex.count(file, this.#shownBytes, isCurrent);
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
    const place = this.#lineIndex.placeBefore(first);
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

  /** The bytes are not those that the index speaks of: the lines are counted as they are. */
  #distrustIndex(): void {
    this.#lineIndex.distrust();
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
