import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FilesSourceConfig } from '../../core/config/filesSource.ts';
import { PauseError, UnitFailedError } from '../../core/errors.ts';
import type { HostHealth } from '../../core/events.ts';
import { parseJson, type JsonObject, type JsonValue } from '../../core/json.ts';
import { toFileName } from '../../core/names.ts';
import type { Fingerprint, MissingKeyPart } from '../../core/keys.ts';
import type { ClaimedUnit, NewUnit, Place } from '../../core/unit.ts';
import type { CollectContext, ItemFacts, Page, Source, SourceContext } from '../source.ts';
import { Census, type InputSummary } from './census.ts';
import { inputForm } from './inputForm.ts';
import type { InputCursor, InputPage } from './inputLine.ts';
import { keyOf } from './lineKey.ts';
import { readInput } from './readInput.ts';
import { sortValue, type SortValue } from './sortOrder.ts';
import { Sorter, type SortedLine } from './sorter.ts';
import type { Noted } from './survey.ts';

/** One line of an input. */
export class FileItem implements ItemFacts {
  readonly line: string;
  /** undefined when it is no record. */
  readonly key: Fingerprint | MissingKeyPart | undefined;
  /** Where it stands in its file, from 1. */
  readonly number: number;
  readonly origin: Origin;
  /** Why it is no record. */
  readonly reason: string | undefined;

  constructor(
    line: string,
    key: FileItem['key'],
    number: number,
    origin: Origin,
    reason: string | undefined,
  ) {
    this.line = line;
    this.key = key;
    this.number = number;
    this.origin = origin;
    this.reason = reason;
  }

  get place(): Place {
    return { file: this.origin.file, line: this.number };
  }
}

/** What lines that were read together have in common. */
interface Origin {
  /** The file as the collection names it. */
  readonly file: string;
  /** `file:` and its absolute path. */
  readonly url: string;
  /** ISO time. */
  readonly readAt: string;
}

/** What is needed of a record beside its line. */
interface Facts {
  readonly key: Fingerprint | MissingKeyPart;
  readonly note: Noted | undefined;
  readonly sort: SortValue | undefined;
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
  readonly notes: readonly (Noted | undefined)[];
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
  readonly #closed = new AbortController();

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
    context: CollectContext,
  ): AsyncGenerator<Page<FileItem>, void, void> {
    const signal = AbortSignal.any([context.signal, this.#closed.signal]);
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
    if (item.reason !== undefined) throw new Error(item.reason);
    return parseJson(item.line) as JsonObject;
  }

  facts(item: FileItem): ItemFacts {
    return item;
  }

  toRaw({ origin, number, line, reason }: FileItem): JsonValue {
    return { ...origin, line: number, text: line, ...(reason === undefined ? {} : { reason }) };
  }

  fromRaw(raw: JsonValue): FileItem {
    const { file, url, line, readAt, text, reason } = raw as unknown as Record<string, string>;
    const origin = { file: file ?? '', url: url ?? '', readAt: readAt ?? '' };
    return new FileItem(text ?? '', undefined, Number(line), origin, reason);
  }

  provenance({ origin }: FileItem): { readonly url: string; readonly fetchedAt: string } {
    return { url: origin.url, fetchedAt: origin.readAt };
  }

  health(): readonly HostHealth[] {
    return [];
  }

  async close(): Promise<void> {
    this.#closed.abort(new UnitFailedError('CLOSED', 'The source was closed.'));
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
    const pages = readInput(input.path, from, this.#make, signal);
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
        signal.throwIfAborted();
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
    const origins = this.#inputs.map((_, i) => this.#origin(i));
    const passed = Number(cursor ?? 0);
    let count = 0;
    for await (const piece of this.#sorter.sorted()) {
      signal.throwIfAborted();
      const lines = piece.slice(Math.max(0, passed - count));
      count += piece.length;
      if (lines.length === 0) continue;
      const items = lines.map(({ text, key, input }) => {
        // The order of the lines in their files is gone.
        return new FileItem(text, key, 0, origins[input] ?? this.#origin(input), undefined);
      });
      yield { items, cursor: count };
    }
    yield { items: [], end: { by: 'last sorted record' } };
  }

  /** What is kept of a record while its page is on its way. */
  readonly #make = (record: JsonObject, text: string): Facts => {
    const key = keyOf(record, this.#context.keyFields);
    const { sort } = this.#config;
    return {
      key,
      note:
        typeof key === 'string' && this.#census.isNoting
          ? this.#census.toNote(record, text, key)
          : undefined,
      sort: sort === undefined ? undefined : sortValue(record, sort),
    };
  };

  /** What of a page is handed over, left out as a duplicate, and kept to be sorted. */
  #select(index: number, first: number, { lines }: InputPage<Facts>): Selected {
    const origin = this.#origin(index);
    const items: FileItem[] = [];
    const sorted: SortedLine[] = [];
    const notes: (Noted | undefined)[] = [];
    let duplicates = 0;
    for (const [i, { text, number, value, reason }] of lines.entries()) {
      const key = value?.key;
      notes.push(value?.note);
      if (this.#decidesFirst && typeof key === 'string') {
        if (!this.#census.isKept(index, first + i)) {
          duplicates += 1;
          continue;
        }
        if (value?.sort !== undefined) {
          sorted.push({ value: value.sort, key, input: index, text });
          continue;
        }
      }
      items.push(new FileItem(text, key, number, origin, reason));
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
      for await (const page of this.#census.pages(input, this.#make, signal)) {
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

  #origin(index: number): Origin {
    const { name, path } = this.#input(index);
    const readAt = new Date(this.#context.clock.now()).toISOString();
    return { file: name, url: pathToFileURL(path).href, readAt };
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
