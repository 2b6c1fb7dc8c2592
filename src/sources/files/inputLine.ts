import type { JsonObject } from '../../core/json.ts';
import type { ReadSoFar } from './inputBytes.ts';

/** One line of an input that holds something; a row, in a CSV file. */
export interface InputLine {
  /** Its text; of a row, the object that it makes as JSON. */
  readonly text: string;
  /** Where it begins in the file: lines from 1. */
  readonly number: number;
  /** What it holds; undefined when that is no record. */
  readonly record: JsonObject | undefined;
  /** Why it is no record. */
  readonly reason?: string;
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
export interface InputPage {
  readonly lines: InputLine[];
  readonly cursor: InputCursor;
}
