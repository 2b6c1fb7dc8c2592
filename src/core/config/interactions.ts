import * as z from 'zod';
import { count, text } from './parts.ts';

// What is done on a page before its items are taken. The names of the kinds, and of selector and value, are those of
// the second earlier system.

/** Milliseconds, at most an hour. */
const milliseconds = (): z.ZodInt => z.int().min(0).max(3_600_000);

const selector = text().describe(
  "The element: a CSS selector, or one of Playwright's (text=More, role=button[name=More]). The first match is taken.",
);

const common = {
  timeoutMs: count(3_600_000)
    .default(5000)
    .describe('How long one try may take, in milliseconds. There are two.'),
  collect: z
    .boolean()
    .optional()
    .describe(
      'Whether items are taken after this one, in addition to the end. Left out: yes; but not where a wait follows, not after a screenshot, and not before a form is filled in (the last fill or press).',
    ),
};

const settleMs = count(600_000)
  .default(500)
  .describe('How long nothing must happen before nothing more is expected, in milliseconds.');

const maxRounds = (rounds: number): z.ZodDefault<z.ZodInt> =>
  count(1_000_000).default(rounds).describe('Most rounds; past them it goes on with the next one.');

const click = z.strictObject({ type: z.literal('click'), selector, ...common });

const fill = z.strictObject({
  type: z.literal('fill'),
  selector,
  value: z.string().describe('What is put into the field; may hold ${secret:NAME}.'),
  ...common,
});

const press = z.strictObject({
  type: z.literal('press'),
  selector,
  value: text().describe('The key that is pressed in the element: "Enter", "Control+A".'),
  ...common,
});

const key = z.strictObject({
  type: z.literal('key'),
  value: text().describe('The key that is pressed on the page: "Escape", "PageDown".'),
  ...common,
});

const hover = z.strictObject({ type: z.literal('hover'), selector, ...common });

const select = z.strictObject({
  type: z.literal('select'),
  selector: text().describe('The <select> element.'),
  value: z
    .union([z.string(), z.array(z.string()).min(1)])
    .describe('Value or label of the option; a list for several.'),
  ...common,
});

const scroll = z.strictObject({
  type: z.literal('scroll'),
  selector: text()
    .optional()
    .describe('Scroll to this element. Left out: to the bottom, as far as it goes by then.'),
  inside: text().optional().describe('Scroll in this element instead of in the window.'),
  times: count(100_000).optional().describe('So many times; each waits for what it loads.'),
  until: z
    .literal('nothingNew')
    .optional()
    .describe(
      'Go down screen by screen until nothing new loads any more: for endless lists, also those that drop what is out of sight.',
    ),
  max: maxRounds(1000),
  settleMs,
  ...common,
});

const wait = z.strictObject({
  type: z.literal('wait'),
  selector: text().optional().describe('Wait until this element can be seen.'),
  gone: text().optional().describe('Wait until this element can not be seen any more.'),
  until: z
    .literal('networkIdle')
    .optional()
    .describe('Wait until the page has loaded nothing for half a second.'),
  durationMs: milliseconds().optional().describe('Wait so long. Alone or left out: 1000.'),
  ...common,
});

const screenshot = z.strictObject({
  type: z.literal('screenshot'),
  selector: text().optional().describe('Only this element. Left out: the window.'),
  fullPage: z.boolean().default(false).describe('The whole page, also what is out of sight.'),
  ...common,
});

const simple = [click, fill, press, key, hover, select, scroll, wait, screenshot] as const;

const repeat = z.strictObject({
  type: z.literal('repeat'),
  interactions: z
    .array(z.discriminatedUnion('type', simple))
    .min(1)
    .describe('What one round does.'),
  until: z
    .union([
      z.literal('nothingNew'),
      z.strictObject({
        visible: text().describe('Until this element can be seen.'),
      }),
      z.strictObject({
        gone: text().describe('Until this element can not be seen any more, or is disabled.'),
      }),
    ])
    .optional()
    .describe(
      'When it ends; nothingNew: after a round that brought no new item. Left out: when the first element that a round names is gone or disabled.',
    ),
  max: maxRounds(100),
  settleMs,
  collect: common.collect,
});

/** One thing that is done on a page. */
export const interaction = z.discriminatedUnion('type', [...simple, repeat]);

/** One thing that is done on a page. */
export type InteractionConfig = z.infer<typeof interaction>;
/** An interaction that is not made of others. */
export type SimpleInteraction = Exclude<InteractionConfig, { readonly type: 'repeat' }>;
/** Interactions again and again. */
export type RepeatInteraction = Extract<InteractionConfig, { readonly type: 'repeat' }>;
