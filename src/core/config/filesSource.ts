import * as z from 'zod';
import { text } from './parts.ts';

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
      'Files to read, in this order, relative to the workspace folder: JSONL, or CSV and TSV with a line of names; also as .gz.',
    ),
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
