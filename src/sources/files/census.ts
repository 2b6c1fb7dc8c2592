import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { UnitFailedError } from '../../core/errors.ts';
import { canonicalJson, isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { fingerprint, type Fingerprint } from '../../core/keys.ts';
import type { OnConflict } from '../../core/mergeManifest.ts';
import type { ReadSoFar } from './inputBytes.ts';
import type { FormOptions, InputPage, Make } from './inputLine.ts';
import { keyOf } from './lineKey.ts';
import { readInput } from './readInput.ts';
import { Survey, type Noted, type Verdict } from './survey.ts';

/** What one input came to. */
export interface InputSummary {
  readonly lines: number;
  readonly kept: number;
  readonly duplicates: number;
  readonly conflicts: number;
  readonly rejected: number;
  /** The whole file; undefined when it could not be read to its end. */
  readonly read: ReadSoFar | undefined;
  /** Why that was so. */
  readonly error: string | undefined;
}

interface InputCount {
  lines: number;
  records: number;
  isOver: boolean;
  read: ReadSoFar | undefined;
  error: string | undefined;
}

/**
 * Counts the lines of all inputs, and decides which record of each key is kept. It is fed by the run as that goes through
 * the inputs; what it has not seen from the first line to the last it reads itself.
 */
export class Census {
  readonly #paths: readonly string[];
  readonly #rule: OnConflict;
  readonly #keyFields: readonly string[] | undefined;
  readonly #survey: Survey;
  readonly #options: FormOptions;
  #counts: InputCount[] = [];
  #verdict: Verdict | undefined;
  /** Lines before each input. */
  #bases: number[] = [];
  /** Lines were missed: what is noted is of no use. */
  #hasGap = false;

  constructor(
    paths: readonly string[],
    rule: OnConflict,
    keyFields: readonly string[] | undefined,
    scratch: string,
    options: FormOptions = {},
  ) {
    this.#options = options;
    this.#paths = paths;
    this.#rule = rule;
    this.#keyFields = keyFields;
    this.#survey = new Survey(join(scratch, 'keys'), rule);
  }

  /** Whether it still learns from what the run goes through. */
  get isNoting(): boolean {
    return this.#verdict === undefined && !this.#hasGap;
  }

  /** What there is to be noted of a record. */
  toNote(record: JsonObject, text: string, key: Fingerprint): Noted {
    // Records that are told apart by all that they hold can't differ in it.
    const isTold = this.#keyFields === undefined;
    return {
      key,
      textDigest: isTold ? 0 : crc32(text),
      textLength: isTold ? 0 : text.length,
      richness: this.#rule === 'richest' ? richness(record) : 0,
    };
  }

  /** Notes lines that stand in an input after `first` others. `undefined` stands for a line without a key. */
  async note(input: number, first: number, lines: readonly (Noted | undefined)[]): Promise<void> {
    if (!this.isNoting) return;
    const count = this.#countOf(input, first);
    if (count === undefined) return;
    const base = this.#counts.reduce((sum, one) => sum + one.lines, 0);
    count.lines += lines.length;
    for (const line of lines) if (line !== undefined) count.records += 1;
    await this.#survey.note(base, lines);
  }

  /** The run has read an input to its end. */
  inputRead(input: number, lines: number, read: ReadSoFar): void {
    this.#endInput(input, lines, read, undefined);
  }

  /** The run could not read an input to its end: what it is worth ends here. */
  inputFailed(input: number, lines: number, error: string): void {
    this.#endInput(input, lines, undefined, error);
  }

  /** Reads all inputs, where the run has not gone through all of them, and decides. */
  async complete(signal: AbortSignal): Promise<Verdict> {
    if (this.#verdict !== undefined) return this.#verdict;
    const isWhole =
      !this.#hasGap &&
      this.#counts.length === this.#paths.length &&
      this.#counts.every((count) => count.isOver);
    if (!isWhole) await this.#readAll(signal);
    this.#bases = [];
    let lines = 0;
    for (const count of this.#counts) {
      this.#bases.push(lines);
      lines += count.lines;
    }
    this.#verdict = await this.#survey.decide(lines);
    return this.#verdict;
  }

  /** Whether a record is kept; after {@link complete}. */
  isKept(input: number, line: number): boolean {
    return this.#verdict?.isKept((this.#bases[input] ?? 0) + line) === true;
  }

  /** Lines of an input; after {@link complete}. */
  linesOf(input: number): number {
    return this.#counts[input]?.lines ?? 0;
  }

  async summarize(signal: AbortSignal): Promise<readonly InputSummary[]> {
    const { unlike } = await this.complete(signal);
    const conflicts = unlike.length === 0 ? [] : await this.#countConflicts(signal);
    return this.#counts.map(({ lines, records, read, error }, input) => {
      let kept = 0;
      for (let line = 0; line < lines; line++) if (this.isKept(input, line)) kept += 1;
      return {
        lines,
        kept,
        duplicates: records - kept,
        conflicts: conflicts[input] ?? 0,
        rejected: lines - records,
        read,
        error,
      };
    });
  }

  /** The pages of an input, as far as it can be read. */
  async *pages<T>(
    input: number,
    make: Make<T>,
    signal: AbortSignal,
    wanted?: (line: number) => boolean,
  ): AsyncGenerator<InputPage<T>, void, void> {
    try {
      yield* readInput(this.#paths[input] ?? '', undefined, make, signal, {
        ...this.#options,
        ...(wanted === undefined ? {} : { wanted }),
      });
    } catch (error) {
      if (!isDamage(error)) throw error;
    }
  }

  async clear(): Promise<void> {
    await this.#survey.clear();
  }

  #endInput(
    input: number,
    lines: number,
    read: ReadSoFar | undefined,
    error: string | undefined,
  ): void {
    if (!this.isNoting) return;
    const count = this.#countOf(input, lines);
    if (count !== undefined) Object.assign(count, { isOver: true, read, error });
  }

  async #readAll(signal: AbortSignal): Promise<void> {
    await this.#survey.clear();
    this.#counts = [];
    this.#hasGap = false;
    const make = (record: JsonObject, text: string): Noted | undefined => {
      const key = keyOf(record, this.#keyFields);
      return typeof key === 'string' ? this.toNote(record, text, key) : undefined;
    };
    for (const [input, path] of this.#paths.entries()) {
      const pages = readInput(path, undefined, make, signal, this.#options);
      let at = 0;
      try {
        for (;;) {
          const { value, done } = await pages.next();
          if (done === true) {
            this.inputRead(input, at, value.read);
            break;
          }
          const notes = value.lines.map((line) => line.value);
          await this.note(input, at, notes);
          at = value.cursor.lines;
        }
      } catch (error) {
        if (!isDamage(error)) throw error;
        this.inputFailed(input, at, error.message);
      }
    }
  }

  /** The count of an input, if so many of its lines have been seen; otherwise lines were missed. */
  #countOf(input: number, lines: number): InputCount | undefined {
    if (input === this.#counts.length && this.#isBeforeRead(input)) {
      this.#counts.push({
        lines: 0,
        records: 0,
        isOver: false,
        read: undefined,
        error: undefined,
      });
    }
    const count = this.#counts[input];
    if (input === this.#counts.length - 1 && count?.lines === lines) return count;
    this.#hasGap = true;
    return undefined;
  }

  #isBeforeRead(input: number): boolean {
    return input === 0 || this.#counts[input - 1]?.isOver === true;
  }

  /** Conflicts of each input: lines of another content than the kept one's, whatever the order of their fields. */
  async #countConflicts(signal: AbortSignal): Promise<number[]> {
    const { unlike } = await this.complete(signal);
    const wanted = new Set<number>();
    for (const [kept, other] of unlike) wanted.add(kept).add(other);
    const contents = new Map<number, string>();
    const toContent = (record: JsonObject): string => fingerprint(canonicalJson(record));
    for (const [input, base] of this.#bases.entries()) {
      const isWanted = (line: number): boolean => wanted.has(base + line);
      let at = 0;
      for await (const { lines, cursor } of this.pages(input, toContent, signal, isWanted)) {
        for (const [i, { value }] of lines.entries()) {
          if (value !== undefined && isWanted(at + i)) contents.set(base + at + i, value);
        }
        at = cursor.lines;
      }
    }
    const conflicts = this.#bases.map(() => 0);
    for (const [kept, other] of unlike) {
      if (contents.get(kept) === contents.get(other)) continue;
      const input = this.#bases.findLastIndex((base) => base <= other);
      conflicts[input] = (conflicts[input] ?? 0) + 1;
    }
    return conflicts;
  }
}

/** An input that is worth what could be read of it. */
function isDamage(error: unknown): error is UnitFailedError {
  if (!(error instanceof UnitFailedError)) return false;
  return error.code !== 'INPUT_CHANGED' && error.code !== 'INPUT_UNREADABLE';
}

/** How many of a record's fields hold something. */
function richness(record: JsonObject): number {
  let count = 0;
  for (const value of Object.values(record)) if (holdsSomething(value)) count += 1;
  return count;
}

function holdsSomething(value: JsonValue): boolean {
  if (value === null || value === '') return false;
  if (Array.isArray(value)) return value.length > 0;
  return !isJsonObject(value) || Object.keys(value).length > 0;
}
