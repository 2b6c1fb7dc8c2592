import type { BrowserSourceConfig } from '../../core/config/browserSource.ts';
import { UsageError } from '../../core/errors.ts';
import type { HtmlItem } from '../html/htmlItem.ts';
import type { Source, SourceContext } from '../source.ts';

/** A source that walks web pages in a browser. */
export function createBrowserSource(
  config: BrowserSourceConfig,
  _context: SourceContext,
  _options: { readonly pagesDone?: (host: string) => number } = {},
): Source<HtmlItem> {
  throw new UsageError('BROWSER_NOT_BUILT', `${config.type}: comes with the next commits.`);
}
