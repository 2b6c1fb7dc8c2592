import * as z from 'zod/mini';
import type { HtmlFieldConfig } from '../../core/config/htmlSource.ts';
import type { PickerPageRequests } from '../../protocol/picker.ts';
import { troubleActions } from '../../protocol/pageTrouble.ts';
import type { ParamShapes } from '../webview/webviewRpc.ts';

const line = (maxLength: number) => z.string().check(z.minLength(1), z.maxLength(maxLength));
const element = z.int().check(z.gte(0));

/** A field as the page makes one: of one selector. */
const field: z.ZodMiniType<HtmlFieldConfig> = z.union([
  line(2_000),
  z.strictObject({
    select: line(2_000),
    attr: z.optional(line(200)),
    list: z.optional(z.boolean()),
    as: z.optional(z.enum(['text', 'number', 'integer', 'boolean', 'url', 'html'])),
  }),
]);

/** What each request of the picker's page must look like. */
export const pickerParams: ParamShapes<PickerPageRequests> = {
  ready: z.null(),
  load: z.object({ url: z.nullable(z.string().check(z.maxLength(10_000))) }),
  stop: z.null(),
  act: z.object({ action: z.enum(troubleActions) }),
  proposeField: z.object({ element }),
  proposeItems: z.object({ elements: z.array(element).check(z.minLength(1), z.maxLength(2)) }),
  tryField: z.object({ field }),
  addField: z.object({ name: line(100), field }),
  removeField: z.object({ name: line(1_000) }),
  setItems: z.object({ selector: z.nullable(line(2_000)) }),
  setKey: z.object({ name: line(1_000) }),
};
