import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isMergeSource, type FilesSourceConfig } from '../../core/config/filesSource.ts';
import { PauseError, UnitFailedError } from '../../core/errors.ts';
import type { HostHealth } from '../../core/events.ts';
import { parseJson, type JsonObject, type JsonValue } from '../../core/json.ts';
import { toFileName } from '../../core/names.ts';
import type { Fingerprint, MissingKeyPart } from '../../core/keys.ts';
import type { ClaimedUnit, NewUnit } from '../../core/unit.ts';
import type {
  CollectContext,
  ItemFacts,
  Page,
  Source,
  SourceContext,
  SourceTraits,
} from '../source.ts';
import { Census, type InputSummary } from './census.ts';
import { compileFileFields, type FileFieldReader } from './fileFields.ts';
import { FileItem, type Origin } from './fileItem.ts';
import { formOptionsOf } from './formOptions.ts';
import { inputForm } from './inputForm.ts';
import type { InputCursor, InputPage, ReadOptions } from './inputLine.ts';
import {
  digestOf,
  fromUnitInput,
  hasPattern,
  matchInputs,
  namedInputs,
  toUnitInput,
  type Input,
  type MatchedInput,
} from './inputList.ts';
import { keyOf } from './lineKey.ts';
import { readInput } from './readInput.ts';
import { sortValue, type SortValue } from './sortOrder.ts';
import { Sorter, type SortedLine } from './sorter.ts';
import type { Noted } from './survey.ts';

/** What is needed of a record beside its line. */
interface Facts {
  readonly key?: Fingerprint | MissingKeyPart | undefined;
  readonly note?: Noted | undefined;
  readonly sort?: SortValue | undefined;
  /** What the line holds, where a record is yet to be made of it. */
  readonly value?: JsonValue | undefined;
}

const lane = 'files';
/** Group of the unit that finds the files. */
const matchingName = 'inputs';
/** Key and group of the unit that hands the sorted records over. */
const sortedName = 'sorted';

/** What is handed over of one page. */
interface Selected {
  readonly items: FileItem[];
  readonly duplicates: number;
  readonly notes: readonly (Noted | undefined)[];
  readonly sorted: readonly SortedLine[];
}

/**
 * Makes the source of a collection whose records are lines of files.
 *
 * @throws Error for a configuration that `checkFilesConfig` finds problems in.
 */
export function createFilesSource(config: FilesSourceConfig, context: SourceContext): FilesSource {
  return new FilesSource(config, context);
}

/**
 * Lines of files, one unit for each file, in order. Without `onConflict` and `sort` lines pass through as they are read,
 * and the committer drops those whose key is known. Otherwise all files are read once before, to decide which lines are
 * kept; with `sort` the kept ones are sorted on disk, and a last unit hands them over.
 *
 * What patterns stand for is found out once, by a unit: what matched then is what is read, over all resumes. A file that
 * can't be read is failed, and the others go on; where all are needed to decide, and in a merge, the session pauses.
 *
 * What was decided and sorted is kept by this object only. After a resume it is made again: that costs time.
 */
export class FilesSource implements Source<FileItem> {
  readonly type = 'files';
  readonly traits: SourceTraits;
  readonly #config: FilesSourceConfig;
  readonly #context: SourceContext;
  readonly #hasPatterns: boolean;
  /** Which lines are kept is decided before one is handed over. */
  readonly #decidesFirst: boolean;
  /** Nothing goes on without all files. */
  readonly #needsAll: boolean;
  /** The files by their numbers: those that the collection names, or all, where {@link #needsAll} says so. */
  #inputs: readonly Input[];
  /** Only where it is wanted afterwards, or before, what all files came to. */
  #census: Census | undefined;
  readonly #sorter: Sorter;
  readonly #options: ReadOptions<Facts>;
  readonly #fields: FileFieldReader | undefined;
  /** Up to where the sorter has been fed. */
  #fed = { input: 0, lines: 0 };
  #areChecked = false;
  #list: string | undefined;
  readonly #closed = new AbortController();

  constructor(config: FilesSourceConfig, context: SourceContext) {
    const { onConflict, sort, fields } = config;
    this.#config = config;
    this.#context = context;
    this.#decidesFirst = onConflict !== 'first' || sort !== undefined;
    this.#needsAll = this.#decidesFirst || isMergeSource(config);
    const first = config.inputs.findIndex(hasPattern);
    this.#hasPatterns = first >= 0;
    this.traits = {
      paid: false,
      discovers: this.#hasPatterns,
      resumesMidUnit: true,
      inOrder: true,
    };
    this.#inputs = namedInputs(
      this.#hasPatterns ? config.inputs.slice(0, first) : config.inputs,
      context.root,
    );
    this.#sorter = new Sorter(join(context.scratch, 'sort'));
    this.#options = {
      ...formOptionsOf(config),
      ...(fields === undefined ? {} : { makeOther: (value) => ({ value }) }),
    };
    if (this.#needsAll && !this.#hasPatterns) this.#census = this.#makeCensus();
    this.#fields = fields === undefined ? undefined : compileFileFields(fields);
  }

  async *plan(signal: AbortSignal): AsyncGenerator<NewUnit, void, void> {
    signal.throwIfAborted();
    await Promise.resolve();
    if (!this.#hasPatterns) {
      yield* this.#unitsOf(this.#inputs.map((_, index) => ({ index })));
      return;
    }
    // Where all files are needed, nobody begins with one before all are known.
    if (!this.#needsAll) {
      const named = this.#inputs.map((_, index) => ({ index }));
      for (const unit of this.#unitsOf(named)) {
        signal.throwIfAborted();
        yield unit;
      }
    }
    const patterns = this.#config.inputs.filter(hasPattern).join(', ');
    const input = { kind: matchingName };
    yield { key: `files of ${patterns}`, lane, group: matchingName, input };
  }

  async *collect(
    unit: ClaimedUnit,
    context: CollectContext,
  ): AsyncGenerator<Page<FileItem>, void, void> {
    const signal = AbortSignal.any([context.signal, this.#closed.signal]);
    try {
      signal.throwIfAborted();
      if (unit.input['kind'] === matchingName) {
        yield { items: [], units: await this.#match(), end: { by: 'files found' } };
        return;
      }
      await this.#prepare(unit, signal);
      const matched = this.#needsAll ? undefined : fromUnitInput(unit.input, this.#context.root);
      const index = Number(unit.input['index']);
      if (matched !== undefined) {
        if (unit.cursor === undefined) await this.#tellChange(matched);
        yield* this.#collectInput(matched, undefined, unit.cursor, signal);
      } else if (index < this.#inputs.length) {
        yield* this.#collectInput(this.#input(index), index, unit.cursor, signal);
      } else {
        yield* this.#collectSorted(unit.cursor, signal);
      }
    } catch (error) {
      throw signal.aborted ? signal.reason : this.#failure(error);
    }
  }

  map(item: FileItem): JsonObject | Promise<JsonObject> {
    if (item.reason !== undefined) throw new Error(item.reason);
    if (this.#fields === undefined) return parseJson(item.text) as JsonObject;
    return this.#fields(item.value ?? null, item.place);
  }

  facts(item: FileItem): ItemFacts {
    return item;
  }

  toRaw({ origin, number, text, reason }: FileItem): JsonValue {
    return { ...origin, line: number, text, ...(reason === undefined ? {} : { reason }) };
  }

  fromRaw(raw: JsonValue): FileItem {
    const { file, url, line, readAt, text, reason } = raw as unknown as Record<string, string>;
    const origin = { file: file ?? '', url: url ?? '', readAt: readAt ?? '' };
    const isMapped = this.#fields !== undefined && reason === undefined;
    const value = isMapped ? parseJson(text ?? '') : undefined;
    return new FileItem(text ?? '', undefined, Number(line), origin, reason, value);
  }

  provenance({ origin }: FileItem): { readonly url: string; readonly fetchedAt: string } {
    return { url: origin.url, fetchedAt: origin.readAt };
  }

  health(): readonly HostHealth[] {
    return [];
  }

  async close(): Promise<void> {
    this.#closed.abort(new UnitFailedError('CLOSED', 'The source was closed.'));
    await this.#census?.clear();
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
      this.#census ??= this.#makeCensus();
      return await this.#census.summarize(signal);
    } catch (error) {
      throw signal.aborted ? signal.reason : asPause(error);
    }
  }

  /** The units of files, and of the sorted records where they are sorted. */
  *#unitsOf(inputs: readonly JsonObject[]): Generator<NewUnit, void, void> {
    const { sort } = this.#config;
    const groups = new Set<string>([matchingName, ...(sort === undefined ? [] : [sortedName])]);
    for (const input of inputs) {
      const { file, index } = input;
      const name = typeof file === 'string' ? file : this.#input(Number(index)).name;
      const group = distinct(toFileName(inputForm(name).stem), groups);
      yield { key: name, lane, group, input };
    }
    if (sort === undefined) return;
    const input = {
      index: this.#inputs.length,
      ...(this.#list === undefined ? {} : { list: this.#list }),
    };
    yield { key: `${sortedName} by ${sort}`, lane, group: sortedName, input };
  }

  /** The units of the files that patterns match now, and of those that the collection names behind a pattern. */
  async #match(): Promise<NewUnit[]> {
    if (this.#needsAll) {
      const list = await this.#matchAll();
      return [...this.#unitsOf(this.#inputs.map((_, index) => ({ index, list })))];
    }
    const behind = this.#config.inputs.slice(this.#inputs.length);
    const matched = await matchInputs(behind, this.#context);
    // A file that was named before is a unit already.
    const named = this.#inputs.map((_, index) => ({ index }));
    return [...this.#unitsOf([...named, ...matched.map(toUnitInput)])].slice(named.length);
  }

  async #matchAll(): Promise<string> {
    const matched = await matchInputs(this.#config.inputs, this.#context);
    this.#inputs = matched;
    this.#census = this.#makeCensus();
    this.#list = digestOf(matched);
    return this.#list;
  }

  #makeCensus(): Census {
    const { root, scratch, keyFields } = this.#context;
    const paths = this.#inputs.map(({ path }) => resolve(root, path));
    return new Census(
      paths,
      this.#config.onConflict,
      keyFields,
      scratch,
      formOptionsOf(this.#config),
    );
  }

  /** Makes sure of what has to be known before a line is handed over. */
  async #prepare(unit: ClaimedUnit, signal: AbortSignal): Promise<void> {
    if (!this.#needsAll) return;
    if (this.#hasPatterns) {
      const list = this.#list ?? (await this.#matchAll());
      if (unit.input['list'] !== list) throw otherFiles(this.#config.inputs.filter(hasPattern));
    }
    if (!this.#areChecked) await this.#checkInputs();
    if (this.#decidesFirst) await this.#census?.complete(signal);
  }

  /** What is read is what is there; that it is not what was there when it was found is for a person to know. */
  async #tellChange({ name, path, found }: MatchedInput): Promise<void> {
    const now = await stat(path).catch(() => undefined);
    if (now === undefined || found === undefined) return;
    if (now.size === found.bytes && now.mtimeMs === found.modifiedMs) return;
    const message = `${name} has changed since it was found. What it holds now is read.`;
    this.#context.logger.warn({ code: 'INPUT_CHANGED', file: name }, message);
  }

  #failure(error: unknown): unknown {
    if (this.#needsAll) return asPause(error);
    if (!(error instanceof UnitFailedError)) return error;
    const advice = adviceOf[error.code];
    if (advice === undefined) return error;
    return new UnitFailedError(error.code, `${error.message} ${advice}`, error.data, error);
  }

  /** @param index undefined where it plays no part, since nothing is decided. */
  async *#collectInput(
    input: Input,
    index: number | undefined,
    cursor: JsonValue | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Page<FileItem>, void, void> {
    const origin = this.#origin(input);
    const from = cursor as unknown as InputCursor | undefined;
    const isSorted = this.#config.sort !== undefined && index !== undefined;
    if (isSorted) await this.#feedUpTo(index, from?.lines ?? 0, signal);
    const census = index === undefined ? undefined : this.#census;
    const pages = readInput(input.path, from, this.#make, signal, this.#options);
    let at = from?.lines ?? 0;
    // The next page is read and parsed while this one is made durable.
    let next = pages.next();
    try {
      for (;;) {
        const { value, done } = await next;
        if (done === true) {
          await checkInput(input);
          census?.inputRead(index ?? 0, at, value.read);
          break;
        }
        next = pages.next();
        // Met when it is awaited; until then a failure must not count as unhandled.
        next.catch(() => undefined);
        const first = at;
        at = value.cursor.lines;
        const { items, duplicates, notes, sorted } = this.#select(index, origin, first, value);
        yield { items, duplicates, cursor: value.cursor as unknown as JsonValue };
        // Only what is durable counts as seen: an interrupted page comes again.
        await census?.note(index ?? 0, first, notes);
        if (isSorted) await this.#feed(index, first, at, sorted);
        signal.throwIfAborted();
      }
    } catch (error) {
      const isOver = error instanceof UnitFailedError && !(asPause(error) instanceof PauseError);
      if (isOver) census?.inputFailed(index ?? 0, at, error.message);
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
    const origins = this.#inputs.map((input) => this.#origin(input));
    const passed = Number(cursor ?? 0);
    let count = 0;
    for await (const piece of this.#sorter.sorted()) {
      signal.throwIfAborted();
      const lines = piece.slice(Math.max(0, passed - count));
      count += piece.length;
      if (lines.length === 0) continue;
      const items = lines.map(({ text, key, input }) => {
        // The order of the lines in their files is gone.
        return new FileItem(text, key, 0, origins[input] ?? noOrigin, undefined);
      });
      yield { items, cursor: count };
    }
    yield { items: [], end: { by: 'last sorted record' } };
  }

  /** What is kept of a record while its page is on its way. */
  readonly #make = (record: JsonObject, text: string): Facts => {
    // Its key is that of the record that is made of it.
    if (this.#fields !== undefined) return { value: record };
    const key = keyOf(record, this.#context.keyFields);
    const { sort } = this.#config;
    return {
      key,
      note:
        typeof key === 'string' && this.#census?.isNoting === true
          ? this.#census.toNote(record, text, key)
          : undefined,
      sort: sort === undefined ? undefined : sortValue(record, sort),
    };
  };

  /** What of a page is handed over, left out as a duplicate, and kept to be sorted. */
  #select(
    index: number | undefined,
    origin: Origin,
    first: number,
    { lines }: InputPage<Facts>,
  ): Selected {
    const decides = this.#decidesFirst && index !== undefined;
    const items: FileItem[] = [];
    const sorted: SortedLine[] = [];
    const notes: (Noted | undefined)[] = [];
    let duplicates = 0;
    for (const [i, { text, number, value, reason }] of lines.entries()) {
      const key = value?.key;
      if (this.#census !== undefined) notes.push(value?.note);
      if (decides && typeof key === 'string') {
        if (this.#census?.isKept(index, first + i) !== true) {
          duplicates += 1;
          continue;
        }
        if (value?.sort !== undefined) {
          sorted.push({ value: value.sort, key, input: index, text });
          continue;
        }
      }
      items.push(new FileItem(text, key, number, origin, reason, value?.value));
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
      const origin = this.#origin(this.#input(input));
      const pages = this.#census?.pages(input, this.#make, signal) ?? [];
      for await (const page of pages) {
        const first = this.#fed.lines;
        if (first >= end) break;
        const wanted = { ...page, lines: page.lines.slice(0, end - first) };
        const { sorted } = this.#select(input, origin, first, wanted);
        await this.#feed(input, first, first + wanted.lines.length, sorted);
      }
    }
    this.#fed = { input: index, lines };
  }

  #linesOf(index: number): number {
    return this.#census?.linesOf(index) ?? 0;
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

  #origin({ name, path }: Input): Origin {
    const readAt = new Date(this.#context.clock.now()).toISOString();
    return { file: name, url: pathToFileURL(path).href, readAt };
  }
}

const noOrigin: Origin = { file: '', url: '', readAt: '' };

/** What to do about a file that alone is failed. */
const adviceOf: Readonly<Record<string, string>> = {
  INPUT_UNREADABLE: 'Put it right, and retry the failed units.',
  INPUT_CHANGED:
    'Put it back as it was and retry the failed units, or begin a new session for what it holds now.',
};

function otherFiles(patterns: readonly string[]): PauseError {
  const message = `The files of ${patterns.join(', ')} are not those that were found when the session began: some have come, gone or changed. Put that right and resume, or begin a new session.`;
  return new PauseError('INPUT_CHANGED', message, { patterns: [...patterns] });
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
