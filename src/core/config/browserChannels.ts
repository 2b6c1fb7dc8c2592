/** The kinds of browser that a collection can ask for. `chromium` is also what Collector: Install Browser downloads. */
export const browserChannels = [
  'chrome',
  'msedge',
  'chromium',
  'chrome-beta',
  'msedge-beta',
  'chrome-dev',
  'msedge-dev',
  'chrome-canary',
  'msedge-canary',
] as const;

/** A kind of browser, in Playwright's words. */
export type BrowserChannel = (typeof browserChannels)[number];
