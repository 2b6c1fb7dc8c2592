import type { JsonValue } from '../../core/json.ts';
import type { Fingerprint, MissingKeyPart } from '../../core/keys.ts';
import type { Place } from '../../core/unit.ts';
import type { ItemFacts } from '../source.ts';

/** What lines that were read together have in common. */
export interface Origin {
  /** The file as the collection names it. */
  readonly file: string;
  /** `file:` and its absolute path. */
  readonly url: string;
  /** ISO time. */
  readonly readAt: string;
}

/** One line of an input, or one item of a list. */
export class FileItem implements ItemFacts {
  readonly text: string;
  /** undefined when it is no record, or its record is yet to be made of it. */
  readonly key: Fingerprint | MissingKeyPart | undefined;
  /** Where it stands in its file, from 1. */
  readonly number: number;
  readonly origin: Origin;
  /** Why it is no record. */
  readonly reason: string | undefined;
  /** What it holds, where its record is yet to be made of it. */
  readonly value: JsonValue | undefined;

  constructor(
    text: string,
    key: FileItem['key'],
    number: number,
    origin: Origin,
    reason: string | undefined,
    value?: JsonValue,
  ) {
    this.text = text;
    this.key = key;
    this.number = number;
    this.origin = origin;
    this.reason = reason;
    this.value = value;
  }

  /** Its text, where that is the record. */
  get line(): string | undefined {
    return this.value === undefined ? this.text : undefined;
  }

  get place(): Place {
    return { file: this.origin.file, line: this.number };
  }
}
