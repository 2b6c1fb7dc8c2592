import * as z from 'zod/mini';
import { troubleActions } from '../../protocol/pageTrouble.ts';
import type { PreviewPageRequests } from '../../protocol/preview.ts';
import type { ParamShapes } from '../webview/webviewRpc.ts';

/** What each request of the preview's page must look like. */
export const previewParams: ParamShapes<PreviewPageRequests> = {
  ready: z.null(),
  run: z.object({ unit: z.nullable(z.string().check(z.maxLength(10_000))) }),
  stop: z.null(),
  act: z.object({ action: z.enum([...troubleActions, 'previewEarlier']) }),
  showField: z.object({ field: z.string() }),
};
