import * as z from 'zod/mini';
import type { PreviewAction, PreviewPageRequests } from '../../protocol/preview.ts';
import type { ParamShapes } from '../webview/webviewRpc.ts';

/** What each request of the preview's page must look like. */
export const previewParams: ParamShapes<PreviewPageRequests> = {
  ready: z.null(),
  run: z.object({ unit: z.nullable(z.string().check(z.maxLength(10_000))) }),
  stop: z.null(),
  act: z.object({
    action: z.enum([
      'showProblem',
      'setSecret',
      'installBrowser',
      'showLog',
      'previewEarlier',
    ] satisfies PreviewAction[]),
  }),
  showField: z.object({ field: z.string() }),
};
