import * as z from 'zod';
import { ownCodeParts } from './ownCode.ts';
import { count, text } from './parts.ts';

/** The `module` source's part of a collection: code of the person's own, in a worker of its own. */
export const moduleSource = z.strictObject({
  type: z.literal('module'),
  module: text().describe(
    'Your own code: an ES module such as "source.mjs", relative to the workspace folder, whose default export is defineSource({ plan, collect }).',
  ),
  ...ownCodeParts,
  maxMemoryMb: count(1_048_576).default(1024).describe('Most memory that your code may take.'),
});

/** The `module` source's part of a collection. */
export type ModuleSourceConfig = z.infer<typeof moduleSource>;
