import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { FilesSourceConfig } from '../../core/config.ts';
import { PauseError, UnitFailedError } from '../../core/errors.ts';
import type { HostHealth } from '../../core/events.ts';
import { parseJson, scalarText, type JsonObject, type JsonValue } from '../../core/json.ts';
import { toFileName } from '../../core/names.ts';
import type { ClaimedUnit, NewUnit } from '../../core/unit.ts';
import type { CollectContext, ItemFacts, Page, Source, SourceContext } from '../source.ts';
import { Census, type InputSummary, type LineNote } from './census.ts';
import { inputForm } from './inputForm.ts';
import type { InputCursor, InputLine, InputPage } from './inputLine.ts';
import { keyOf } from './lineKey.ts';
import { readInput } from './readInput.ts';
import { sortValue } from './sortOrder.ts';
import { Sorter, type SortedLine } from './sorter.ts';

/** One line of an input, with its key. */
export interface FileItem extends InputLine {
  /** As the collection names it. */
  readonly file: string;
  readonly key: ItemFacts['key'];
  /** ISO time at which it was read. */
  readonly readAt: string;
}

/** One input as the collection names it, found. */
interface Input {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** What it must still be; undefined where the collection does not say. */
  readonly was: { readonly bytes: number; readonly modifiedMs: number } | undefined;
}

const lane = 'files';
/** Key and group of the unit that hands the sorted records over. */
const sortedName = 'sorted';

/** What is handed over of one page. */
interface Selected {
  readonly items: FileItem[];
  readonly duplicates: number;
  readonly notes: readonly (LineNote | undefined)[];
  readonly sorted: readonly SortedLine[];
}

/** Makes the source of a collection whose records are lines of files. */
export function createFilesSource(config: FilesSourceConfig, context: SourceContext): FilesSource {
  return new FilesSource(config, context);
}

/**
 * Lines of files, one unit for each file, in order. Without `onConflict` and `sort` lines pass through as they are read,
 * and the committer drops those whose key is known. Otherwise all files are read once before, to decide which lines are
 * kept; with `sort` the kept ones are sorted on disk, and a last unit hands them over.
 *
 * What was decided and sorted is kept by this object only. After a resume it is made again: that costs time.
 */
export class FilesSource implements Source<FileItem> {
  readonly type = 'files';
  readonly traits = {
    paid: false,
    discovers: false,
    resumesMidUnit: true,
    inOrder: true,
  } as const;
  readonly #config: FilesSourceConfig;
  readonly #context: SourceContext;
  readonly #inputs: readonly Input[];
  readonly #census: Census;
  readonly #sorter: Sorter;
  /** Up to where the sorter has been fed. */
  #fed = { input: 0, lines: 0 };
  #areChecked = false;

  constructor(config: FilesSourceConfig, context: SourceContext) {
    this.#config = config;
    this.#context = context;
    this.#inputs = config.inputs.map((input) => {
      const name = typeof input === 'string' ? input : input.path;
      const was = typeof input === 'string' ? undefined : input;
      return { name, path: resolve(context.root, name), was };
    });
    const paths = this.#inputs.map(({ path }) => path);
    this.#census = new Census(paths, config.onConflict, context.keyFields, context.scratch);
    this.#sorter = new Sorter(join(context.scratch, 'sort'));
  }

  async *plan(signal: AbortSignal): AsyncGenerator<NewUnit> {
    const groups = new Set<string>(this.#config.sort === undefined ? [] : [sortedName]);
    for (const [index, { name }] of this.#inputs.entries()) {
      signal.throwIfAborted();
      await Promise.resolve();
      yield {
        key: name,
        lane,
        group: distinct(toFileName(inputForm(name).stem), groups),
        input: { index },
      };
    }
    if (this.#config.sort === undefined) return;
    const key = `${sortedName} by ${this.#config.sort}`;
    yield { key, lane, group: sortedName, input: { index: this.#inputs.length } };
  }

  async *collect(
    unit: ClaimedUnit,
    { signal }: CollectContext,
  ): AsyncGenerator<Page<FileItem>, void, void> {
    const index = Number(unit.input['index']);
    try {
      if (!this.#areChecked) await this.#checkInputs();
      if (this.#decidesFirst) await this.#census.complete(signal);
      if (index < this.#inputs.length) yield* this.#collectInput(index, unit.cursor, signal);
      else yield* this.#collectSorted(unit.cursor, signal);
    } catch (error) {
      throw signal.aborted ? signal.reason : asPause(error);
    }
  }

  map(item: FileItem): JsonObject {
    if (item.record === undefined) throw new Error(item.reason ?? 'no record');
    return item.record;
  }

  facts(item: FileItem): ItemFacts {
    const place = { file: item.file, line: item.number };
    if (item.record === undefined) return { place };
    return item.key === undefined
      ? { line: item.text, place }
      : { line: item.text, place, key: item.key };
  }

  toRaw(item: FileItem): JsonValue {
    const { file, number, readAt, text, reason } = item;
    return { file, line: number, readAt, text, ...(reason === undefined ? {} : { reason }) };
  }

  fromRaw(raw: JsonValue): FileItem {
    const { file, line, readAt, text, reason } = raw as Record<string, JsonValue>;
    const item = {
      file: scalarText(file ?? null) ?? '',
      number: Number(line),
      readAt: scalarText(readAt ?? null) ?? '',
      text: scalarText(text ?? null) ?? '',
      key: undefined,
    };
    if (typeof reason === 'string') return { ...item, record: undefined, reason };
    return { ...item, record: parseJson(item.text) as JsonObject };
  }

  provenance(item: FileItem): { readonly url: string; readonly fetchedAt: string } {
    return { url: item.file, fetchedAt: item.readAt };
  }

  health(): readonly HostHealth[] {
    return [];
  }

  async close(): Promise<void> {
    await this.#census.clear();
    await this.#sorter.clear();
  }

  /**
   * What each input came to, in their order. Reads them again where this object has not seen all of them.
   *
   * @throws PauseError `INPUT_CHANGED` or `INPUT_UNREADABLE`.
   */
  async summarize(signal: AbortSignal): Promise<readonly InputSummary[]> {
    try {
      await this.#checkInputs();
      return await this.#census.summarize(signal);
    } catch (error) {
      throw signal.aborted ? signal.reason : asPause(error);
    }
  }

  get #decidesFirst(): boolean {
    return this.#config.onConflict !== 'first' || this.#config.sort !== undefined;
  }

  async *#collectInput(
    index: number,
    cursor: JsonValue | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Page<FileItem>, void, void> {
    const input = this.#input(index);
    const from = cursor as unknown as InputCursor | undefined;
    if (this.#config.sort !== undefined) await this.#feedUpTo(index, from?.lines ?? 0, signal);
    const pages = readInput(input.path, from, signal);
    let at = from?.lines ?? 0;
    // The next page is read and parsed while this one is made durable.
    let next = pages.next();
    try {
      for (;;) {
        const { value, done } = await next;
        if (done === true) {
          await checkInput(input);
          this.#census.inputRead(index, at, value.read);
          break;
        }
        next = pages.next();
        // Met when it is awaited; until then a failure must not count as unhandled.
        next.catch(() => undefined);
        const first = at;
        at = value.cursor.lines;
        const { items, duplicates, notes, sorted } = this.#select(index, first, value);
        yield { items, duplicates, cursor: value.cursor as unknown as JsonValue };
        // Only what is durable counts as seen: an interrupted page comes again.
        await this.#census.note(index, first, notes);
        await this.#feed(index, first, at, sorted);
      }
    } catch (error) {
      const isOver = error instanceof UnitFailedError && !(asPause(error) instanceof PauseError);
      if (isOver) this.#census.inputFailed(index, at, error.message);
      throw error;
    } finally {
      await next.catch(() => undefined);
      await pages.return(undefined as never);
    }
    yield { items: [], end: { by: 'end of file' } };
  }

  async *#collectSorted(
    cursor: JsonValue | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Page<FileItem>, void, void> {
    await this.#feedUpTo(this.#inputs.length, 0, signal);
    const readAt = this.#now();
    const passed = Number(cursor ?? 0);
    let count = 0;
    for await (const piece of this.#sorter.sorted()) {
      signal.throwIfAborted();
      const lines = piece.slice(Math.max(0, passed - count));
      count += piece.length;
      if (lines.length === 0) continue;
      const items = lines.map(({ text, key }) => ({
        text,
        key,
        number: 0,
        record: parseJson(text) as JsonObject,
        file: sortedName,
        readAt,
      }));
      yield { items, cursor: count };
    }
    yield { items: [], end: { by: 'last sorted record' } };
  }

  /** What of a page is handed over, left out as a duplicate, and kept to be sorted. */
  #select(index: number, first: number, { lines }: InputPage): Selected {
    const { keyFields } = this.#context;
    const file = this.#input(index).name;
    const readAt = this.#now();
    const { sort } = this.#config;
    const items: FileItem[] = [];
    const sorted: SortedLine[] = [];
    const notes: (LineNote | undefined)[] = [];
    const isNoting = this.#census.isNoting;
    let duplicates = 0;
    for (const [i, line] of lines.entries()) {
      const { text, number, record, reason } = line;
      const key = record === undefined ? undefined : keyOf(record, keyFields);
      if (isNoting)
        notes.push(typeof key === 'string' && record ? { key, text, record } : undefined);
      if (this.#decidesFirst && typeof key === 'string' && record !== undefined) {
        if (!this.#census.isKept(index, first + i)) {
          duplicates += 1;
          continue;
        }
        if (sort !== undefined) {
          sorted.push({ value: sortValue(record, sort), key, text });
          continue;
        }
      }
      items.push(
        reason === undefined
          ? { text, number, record, file, key, readAt }
          : { text, number, record, file, key, readAt, reason },
      );
    }
    return { items, duplicates, notes, sorted };
  }

  async #feed(
    index: number,
    first: number,
    end: number,
    lines: readonly SortedLine[],
  ): Promise<void> {
    if (this.#config.sort === undefined) return;
    if (this.#fed.input !== index || this.#fed.lines !== first) return;
    await this.#sorter.add(lines);
    this.#fed = { input: index, lines: end };
  }

  /** Makes the sorter have every kept line before a place: after a resume, by reading the inputs again. */
  async #feedUpTo(index: number, lines: number, signal: AbortSignal): Promise<void> {
    if (
      this.#fed.input === index - 1 &&
      lines === 0 &&
      this.#fed.lines === this.#linesOf(index - 1)
    ) {
      this.#fed = { input: index, lines: 0 };
    }
    if (this.#fed.input === index && this.#fed.lines === lines) return;
    await this.#sorter.clear();
    for (let input = 0; input <= index && input < this.#inputs.length; input++) {
      const end = input === index ? lines : this.#linesOf(input);
      this.#fed = { input, lines: 0 };
      for await (const page of this.#census.pages(input, signal)) {
        const first = this.#fed.lines;
        if (first >= end) break;
        const wanted = { ...page, lines: page.lines.slice(0, end - first) };
        const { sorted } = this.#select(input, first, wanted);
        await this.#feed(input, first, first + wanted.lines.length, sorted);
      }
    }
    this.#fed = { input: index, lines };
  }

  #linesOf(index: number): number {
    return this.#census.linesOf(index);
  }

  async #checkInputs(): Promise<void> {
    for (const input of this.#inputs) await checkInput(input);
    this.#areChecked = true;
  }

  #input(index: number): Input {
    const input = this.#inputs[index];
    if (input === undefined)
      throw new UnitFailedError('NO_SUCH_INPUT', `There is no input ${index}.`);
    return input;
  }

  #now(): string {
    return new Date(this.#context.clock.now()).toISOString();
  }
}

function distinct(base: string, taken: Set<string>): string {
  let name = base;
  for (let n = 2; taken.has(name); n++) name = `${base}_${n}`;
  taken.add(name);
  return name;
}

/** @throws PauseError when an input is not what it was when the merge began. */
async function checkInput({ name, path, was }: Input): Promise<void> {
  if (was === undefined) return;
  const now = await stat(path).catch(() => undefined);
  if (now === undefined) throw lostInput(name);
  if (now.size !== was.bytes || now.mtimeMs !== was.modifiedMs) throw changedInput(name);
}

function lostInput(name: string): PauseError {
  const message = `The input ${name} is not there any more. Put it back and resume, or begin another merge.`;
  return new PauseError('INPUT_UNREADABLE', message, { file: name });
}

function changedInput(name: string): PauseError {
  const message = `The input ${name} has changed since the merge began. Put it back as it was and resume, or begin another merge.`;
  return new PauseError('INPUT_CHANGED', message, { file: name });
}

/** What a person can put right stops the work; an input that is damaged is done as far as it goes. */
function asPause(error: unknown): unknown {
  if (!(error instanceof UnitFailedError)) return error;
  if (error.code !== 'INPUT_CHANGED' && error.code !== 'INPUT_UNREADABLE') return error;
  return new PauseError(error.code, `${error.message} Put it back and resume.`, error.data, error);
}
