import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isMergeSource, type FilesSourceConfig } from '../../core/config/filesSource.ts';
import { PauseError, UnitFailedError } from '../../core/errors.ts';
import type { HostHealth } from '../../core/events.ts';
import { parseJson, type JsonObject, type JsonValue } from '../../core/json.ts';
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
import type { InputCursor, InputPage, ReadOptions } from './inputLine.ts';
import type { Input } from './inputList.ts';
import { InputUnits } from './inputUnits.ts';
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
  /** Which lines are kept is decided before one is handed over. */
  readonly #decidesFirst: boolean;
  /** Nothing goes on without all files. */
  readonly #needsAll: boolean;
  readonly #units: InputUnits;
  /** Only where it is wanted afterwards, or before, what all files came to. */
  #census: Census | undefined;
  readonly #sorter: Sorter;
  readonly #options: ReadOptions<Facts>;
  readonly #fields: FileFieldReader | undefined;
  /** Up to where the sorter has been fed. */
  #fed = { input: 0, lines: 0 };
  #areChecked = false;
  readonly #closed = new AbortController();

  constructor(config: FilesSourceConfig, context: SourceContext) {
    const { onConflict, sort, fields } = config;
    this.#config = config;
    this.#context = context;
    this.#decidesFirst = onConflict !== 'first' || sort !== undefined;
    this.#needsAll = this.#decidesFirst || isMergeSource(config);
    this.#units = new InputUnits(config, context, this.#needsAll);
    this.traits = {
      paid: false,
      discovers: this.#units.hasPatterns,
      resumesMidUnit: true,
      inOrder: true,
    };
    this.#sorter = new Sorter(join(context.scratch, 'sort'));
    this.#options = {
      ...formOptionsOf(config),
      onRead: (bytes) => {
        context.meter.received(bytes);
      },
      ...(fields === undefined ? {} : { makeOther: (value) => ({ value }) }),
    };
    this.#fields = fields === undefined ? undefined : compileFileFields(fields);
  }

  async *plan(signal: AbortSignal): AsyncGenerator<NewUnit, void, void> {
    signal.throwIfAborted();
    await Promise.resolve();
    for (const unit of this.#units.planned()) {
      signal.throwIfAborted();
      yield unit;
    }
  }

  async *collect(
    unit: ClaimedUnit,
    context: CollectContext,
  ): AsyncGenerator<Page<FileItem>, void, void> {
    const signal = AbortSignal.any([context.signal, this.#closed.signal]);
    try {
      signal.throwIfAborted();
      const work = await this.#units.workOf(unit);
      if (work.kind === 'search') {
        yield { items: [], units: await this.#units.search(), end: { by: 'files found' } };
        return;
      }
      // Reading lines and taking them apart is one.
      context.stages?.enter('parse');
      if (this.#needsAll) await this.#prepare(signal);
      if (work.kind === 'sorted') yield* this.#collectSorted(unit.cursor, signal);
      else yield* this.#collectInput(work.input, work.index, unit.cursor, signal);
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
      return await this.#theCensus().summarize(signal);
    } catch (error) {
      throw signal.aborted ? signal.reason : asPause(error);
    }
  }

  #theCensus(): Census {
    const { onConflict } = this.#config;
    const { keyFields, scratch } = this.#context;
    const paths = this.#units.inputs.map(({ path }) => path);
    const options = formOptionsOf(this.#config);
    return (this.#census ??= new Census(paths, onConflict, keyFields, scratch, options));
  }

  /** Makes sure of what has to be known before a line is handed over. */
  async #prepare(signal: AbortSignal): Promise<void> {
    const census = this.#theCensus();
    if (!this.#areChecked) await this.#checkInputs();
    if (this.#decidesFirst) await census.complete(signal);
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
    await this.#feedUpTo(this.#units.inputs.length, 0, signal);
    const origins = this.#units.inputs.map((input) => this.#origin(input));
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
    for (let input = 0; input <= index && input < this.#units.inputs.length; input++) {
      const end = input === index ? lines : this.#linesOf(input);
      this.#fed = { input, lines: 0 };
      const origin = this.#origin(this.#units.at(input));
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
    for (const input of this.#units.inputs) await checkInput(input);
    this.#areChecked = true;
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
