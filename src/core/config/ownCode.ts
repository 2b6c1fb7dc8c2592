import * as z from 'zod';
import { forValues } from './forValues.ts';
import { count } from './parts.ts';
import { requestOptions } from './request.ts';

/** What every source is told that is somebody's own code: `module` and `extension`. */
export const ownCodeParts = {
  options: z
    .record(z.string(), z.json())
    .default({})
    .describe('What your code gets as options; texts in it may hold ${secret:NAME}.'),
  for: forValues,
  request: requestOptions
    .prefault({})
    .describe('How the requests are made that your code makes by the fetch that it is given.'),
  timeoutMs: count(86_400_000)
    .default(300_000)
    .describe(
      'Milliseconds that your code may take for one page, waiting for the given fetch not counted. Then the unit is failed.',
    ),
};
