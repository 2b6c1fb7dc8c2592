import * as z from 'zod';
import { browserChannels } from './browserChannels.ts';
import { pageParts } from './htmlSource.ts';
import { interaction } from './interactions.ts';
import { count, text } from './parts.ts';

/** Kinds of what a page loads that can be left out. */
const blockableTypes = ['image', 'media', 'font', 'stylesheet', 'script', 'xhr', 'fetch'] as const;

const browserOptions = z.strictObject({
  channel: z
    .enum(browserChannels)
    .optional()
    .describe('Which browser. Left out: any Chrome, Edge or Chromium that is found.'),
  executable: text()
    .optional()
    .describe("The browser's file: an absolute path, or one relative to the workspace folder."),
  headless: z.boolean().default(true).describe('false shows the browser at work.'),
  viewport: z
    .strictObject({ width: count(10_000), height: count(10_000) })
    .default({ width: 1280, height: 720 })
    .describe("The window's size, in pixels."),
  locale: text().optional().describe('Language and region that pages are told: "de-DE".'),
  timezone: text().optional().describe('Time zone that pages are told: "Europe/Berlin".'),
  storageState: text()
    .optional()
    .describe(
      "A login: Playwright's storage state (cookies and local storage) in a JSON file, relative to the workspace folder. Keep it out of version control.",
    ),
  block: z
    .array(z.enum(blockableTypes))
    .default([])
    .describe('What pages do not load: less traffic, faster pages.'),
  contexts: count(64)
    .default(4)
    .describe('Pages open at once, each in a context of its own (cookies, storage).'),
  pagesPerContext: count(100_000)
    .default(50)
    .describe('A context is thrown away after so many pages, and with it what it remembers.'),
  screenshots: text()
    .default('data/screenshots')
    .describe('Folder of the pictures that "screenshot" takes, relative to the workspace folder.'),
  waitUntil: z
    .enum(['domcontentloaded', 'load', 'networkidle'])
    .default('load')
    .describe('When a page counts as open.'),
});

/** The `browser` source's part of a collection: pages that need a browser. */
export const browserSource = z.strictObject({
  type: z.literal('browser'),
  ...pageParts,
  interactions: z
    .array(interaction)
    .default([])
    .describe('What is done on each page, in this order, before its items are taken.'),
  onInteractionFailure: z
    .enum(['continue', 'fail'])
    .default('continue')
    .describe(
      'continue: an interaction that fails twice is logged, and the page goes on. fail: the page is tried again as a whole, and failed in the end.',
    ),
  browser: browserOptions.prefault({}).describe('The browser and how it is used.'),
});

/** The `browser` source's part of a collection. */
export type BrowserSourceConfig = z.infer<typeof browserSource>;
/** The browser and how it is used. */
export type BrowserOptions = BrowserSourceConfig['browser'];
