import * as z from 'zod/mini';
import type { ViewerRequests } from '../../protocol/viewer.ts';
import type { ParamShapes } from '../webview/webviewRpc.ts';

const count = z.int().check(z.nonnegative());
const block = { first: count, count: z.int().check(z.positive(), z.maximum(500)) };
const record = z.object({ record: count });
const text = z.string().check(z.maxLength(10_000));

/** What each request of the record viewer's page must look like. */
export const viewerParams: ParamShapes<ViewerRequests> = {
  ready: z.object(block),
  readBlock: z.object({ ...block, isFiltered: z.boolean() }),
  readRecord: record,
  findOrigin: record,
  filter: z.object({
    filter: z.nullable(
      z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('text'), text }),
        z.object({ kind: z.enum(['contains', 'equals']), field: text, text }),
      ]),
    ),
  }),
  copyRecord: record,
  revealRecord: record,
  openSession: z.null(),
};
