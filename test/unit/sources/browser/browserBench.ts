import type { TestContext } from 'node:test';
import { collectionSchema } from '../../../../src/core/config.ts';
import type { BrowserSourceConfig } from '../../../../src/core/config/browserSource.ts';
import type { JsonObject } from '../../../../src/core/json.ts';
import type { LogFields, Logger } from '../../../../src/core/ports.ts';
import { createBrowserSource } from '../../../../src/sources/browser/browserSource.ts';
import type { HtmlItem } from '../../../../src/sources/html/htmlItem.ts';
import type { Page, Source, SourceContext } from '../../../../src/sources/source.ts';
import { claim, makeContext, pagesOf, planAll } from '../../../conformance/drive.ts';

/** The checked form of a `browser` source, as the collection file would have it. */
export function browserConfig(source: object): BrowserSourceConfig {
  const collection = collectionSchema.parse({
    name: 'test',
    source: { type: 'browser', fields: { title: 'title' }, ...source },
  });
  if (collection.source.type !== 'browser') throw new Error('not a browser source');
  return collection.source;
}

/** A line of a log. */
export interface LogLine {
  readonly level: keyof Logger;
  readonly fields: LogFields;
  readonly message: string;
}

/** A log that keeps its lines. */
export class KeptLog implements Logger {
  readonly lines: LogLine[] = [];
  readonly debug = this.#keep('debug');
  readonly info = this.#keep('info');
  readonly warn = this.#keep('warn');
  readonly error = this.#keep('error');

  /** The lines of interactions: those that say which one of how many. */
  get interactions(): readonly LogLine[] {
    return this.lines.filter(({ fields }) => 'n' in fields && 'of' in fields);
  }

  /** Lines with this in their message. */
  with(text: string): readonly LogLine[] {
    return this.lines.filter(({ message }) => message.includes(text));
  }

  #keep(level: keyof Logger): (fields: LogFields, message: string) => void {
    return (fields, message) => {
      this.lines.push({ level, fields, message });
    };
  }
}

/** A source that is closed when the test ends. */
export function openBrowser(
  t: TestContext,
  source: object,
  context: Partial<SourceContext> = {},
): Source<HtmlItem> {
  const made = createBrowserSource(browserConfig(source), makeContext(context));
  t.after(() => made.close());
  return made;
}

/** What one page gave. */
export interface Visited {
  readonly pages: readonly Page<HtmlItem>[];
  readonly records: readonly JsonObject[];
  readonly log: KeptLog;
}

/** Collects the first unit of a source. */
export async function visitFirst(
  t: TestContext,
  source: object,
  context: Partial<SourceContext> = {},
): Promise<Visited> {
  const log = new KeptLog();
  const made = openBrowser(t, source, { logger: log, ...context });
  const [unit] = await planAll(made);
  if (unit === undefined) throw new Error('nothing planned');
  const claimed = claim(unit, 1);
  const pages = await pagesOf(made, claimed);
  const records: JsonObject[] = [];
  for (const item of pages.flatMap((page) => page.items))
    records.push(await made.map(item, claimed));
  return { pages, records, log };
}
