import type { BrowserSourceConfig } from './browserSource.ts';
import type { HtmlSourceConfig } from './htmlSource.ts';

/** Whether a source walks web pages by their links. */
export function walksPages(source: {
  readonly type: string;
}): source is HtmlSourceConfig | BrowserSourceConfig {
  return source.type === 'html' || source.type === 'browser';
}
