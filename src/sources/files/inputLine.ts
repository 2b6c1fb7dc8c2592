import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { InputForm } from './inputForm.ts';
import type { ReadSoFar } from './inputBytes.ts';

/** One line of an input that holds something; a row, in a CSV file. */
export interface InputLine<T> {
  /** Its text; of a row, the object that it makes as JSON. */
  readonly text: string;
  /** Where it stands in the file, from 1; of a row, where it ends. */
  readonly number: number;
  /** What was made of its record; undefined when it has none. */
  readonly value: T | undefined;
  /** Why it is no record. */
  readonly reason?: string;
}

/**
 * What to make of a record. Called as soon as a line is parsed, so that a record of which only little is needed does not
 * outlive its line.
 */
export type Make<T> = (record: JsonObject, text: string) => T;

/** How a CSV file is read that is not as usual. */
export interface CsvOptions {
  /** Left out: a tab by the file's name, else the one of comma, semicolon, tab and bar that the first line has most of. */
  readonly delimiter?: string | undefined;
  /** Names of the columns, for a file without a line of names. */
  readonly columns?: readonly string[] | undefined;
  /** What becomes of a row with more or fewer values than columns: no record, or missing values are null. */
  readonly ragged?: 'reject' | 'fill' | undefined;
}

/** How inputs are written that are not as usual. */
export interface FormOptions {
  /** Keys that lead to the list in a JSON file. Left out: the file is the list, or one value after the other. */
  readonly items?: readonly string[] | undefined;
  readonly csv?: CsvOptions | undefined;
}

/** How an input is read that is not as usual. */
export interface ReadOptions<T> extends FormOptions {
  /** Lines, counted from 0, that are needed; others may come without anything made of them. */
  readonly wanted?: (line: number) => boolean;
  /** What to make of a value that is no object. Left out: it is no record. */
  readonly makeOther?: (value: JsonValue, text: string) => T;
  /** Told of bytes of the file itself as they are read. */
  readonly onRead?: ((bytes: number) => void) | undefined;
  /** How it is written. Left out: as its name says. */
  readonly kind?: InputForm['kind'] | undefined;
}

/** Where reading goes on after some lines. */
export interface InputCursor {
  /** Lines that are to be passed over: those with something in them. */
  readonly lines: number;
  /** Bytes, after decompression, that they take from the beginning on. */
  readonly offset: number;
  /** Line of the file, from 0, that begins there. */
  readonly line: number;
  /** The file itself as far as it has been read. */
  readonly read: ReadSoFar;
}

/** Some lines of an input, in order, with where to go on after them. */
export interface InputPage<T> {
  readonly lines: InputLine<T>[];
  readonly cursor: InputCursor;
}
