import * as z from 'zod';
import { count, scalar, text } from './parts.ts';

const valuesOfFile = z
  .strictObject({
    from: text().describe(
      'File with the values, one unit a line, relative to the workspace folder: JSONL, a JSON list, CSV or TSV with a line of names, or plain text; also as .gz. A pattern such as "data/*.jsonl" stands for every file that it matches, by name.',
    ),
    path: text()
      .optional()
      .describe(
        'Name of the column, or path of the value in a line. Left out: the whole line, which of plain text is the value.',
      ),
    batch: count(100_000)
      .optional()
      .describe(
        'So many lines are one unit, and the value is the list of theirs: for APIs that take many ids in one request. "{name}" alone in a body is the list; within a text its parts are joined by commas. When lines are added later, the last unit that was not full is carried out again.',
      ),
    join: z
      .string()
      .optional()
      .describe('With batch: the value is a text, its parts joined by this ("|").'),
  })
  .describe('Values from a file, one unit a line.');

/** `for`: what a source is carried out for, again and again. */
export const forValues = z
  .record(
    z.string().regex(/^[A-Za-z_]\w*$/),
    z.union([z.array(scalar).min(1), valuesOfFile]).describe('Values, or a file with one a line.'),
  )
  .default({})
  .describe(
    'One unit for every combination of these values; {name} stands for them elsewhere, and "from": "for.name" puts them into the record. Names with the same file are taken from the same line.',
  );

/** `for` of a collection. */
export type ForConfig = z.infer<typeof forValues>;
/** Where the values of a name come from that is no list. */
export type ValuesOfFile = z.infer<typeof valuesOfFile>;
