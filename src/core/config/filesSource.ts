import * as z from 'zod';
import { text } from './parts.ts';

const fileField = z
  .union([z.string(), z.strictObject({ from: z.enum(['file', 'line']) })])
  .describe(
    'A path ("content.title.value", "authors[0].name"; of a CSV file a column), or JSONata after "="; { "from": "file" } and "line" tell where the record stands. null where there is nothing.',
  );

/** The `files` source's part of a collection: files that are there already. */
export const filesSource = z.strictObject({
  type: z.literal('files'),
  inputs: z
    .array(
      z.union([
        text(),
        z.strictObject({
          path: text(),
          bytes: z.number().int().min(0).describe('Size when the merge began.'),
          modifiedMs: z.number().describe('Time of its last change when the merge began.'),
        }),
      ]),
    )
    .min(1)
    .describe(
      'Files to read, in this order, relative to the workspace folder: JSONL, JSON (a list, or one value after the other), CSV and TSV with a line of names; also as .gz. A pattern such as "data/**/*.csv" stands for the files that match when the session begins, by name.',
    ),
  items: z
    .string()
    .default('')
    .describe(
      'Path of the list in JSON files that are an object; empty when the file is the list.',
    ),
  csv: z
    .strictObject({
      delimiter: z
        .string()
        .length(1)
        .optional()
        .describe(
          'What stands between two values. Left out: a tab in .tsv files, else the one of comma, semicolon, tab and bar that the first line has most of.',
        ),
      columns: z
        .array(text())
        .min(1)
        .optional()
        .describe('Names of the columns, for files whose first line is a row like the others.'),
      ragged: z
        .enum(['reject', 'fill'])
        .default('reject')
        .describe(
          'Rows with more or fewer values than columns. reject: they go to the rejected file, with their line. fill: missing values are null, further ones go into column_N.',
        ),
    })
    .prefault({})
    .describe('How CSV and TSV files are read.'),
  fields: z
    .record(text(), fileField)
    .optional()
    .describe("The record's fields. Left out: the line as it is."),
  onConflict: z
    .enum(['first', 'last', 'richest'])
    .default('first')
    .describe(
      'Which of several records with one key is kept; richest: the one with the most fields that hold something.',
    ),
  sort: text()
    .optional()
    .describe(
      'Field to sort the records by: numbers, then texts, then records without it. Left out: in the order of the files.',
    ),
});

/** The `files` source's part of a collection. */
export type FilesSourceConfig = z.infer<typeof filesSource>;
/** Whether a source is that of a merge: what its inputs were when it began is a part of it. */
export function isMergeSource({
  type,
  inputs = [],
}: {
  readonly type: string;
  readonly inputs?: readonly unknown[];
}): boolean {
  return type === 'files' && inputs.some((input) => typeof input !== 'string');
}

/** One field of the `files` source. */
export type FileFieldConfig = z.infer<typeof fileField>;
