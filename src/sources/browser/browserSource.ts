import type { Page as BrowserPage } from 'playwright-core';
import type { BrowserSourceConfig } from '../../core/config/browserSource.ts';
import { CollectorError, RetryError } from '../../core/errors.ts';
import type { HostHealth } from '../../core/events.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { ClaimedUnit, NewUnit, Unit } from '../../core/unit.ts';
import type { HtmlItem } from '../html/htmlItem.ts';
import { movedAway, onePage, PageWalk, type PageWalkOptions } from '../html/pageWalk.ts';
import { isSitemap } from '../html/units.ts';
import type {
  CollectContext,
  Page,
  Source,
  SourceContext,
  SourceTraits,
  StageWatch,
} from '../source.ts';
import { Activity } from './activity.ts';
import { BrowserPool } from './browserPool.ts';
import { interact } from './interactions.ts';
import { firstLineOf } from './pageLost.ts';
import { PageVisit } from './pageVisit.ts';
import { writeScreenshot } from './screenshots.ts';

/**
 * A source that walks web pages as `html` does, in a browser: pages are what their scripts make of them, and can be
 * worked before items are taken. Items are handed over while a page is worked, so that what an endless list has given
 * is safe while it grows; a page that is interrupted is worked again from its beginning.
 *
 * @throws Error for a configuration that `checkBrowserConfig` finds problems in.
 */
export function createBrowserSource(
  config: BrowserSourceConfig,
  context: SourceContext,
  options: PageWalkOptions = {},
): Source<HtmlItem> {
  return new BrowserSource(config, context, options);
}

class BrowserSource implements Source<HtmlItem> {
  readonly type = 'browser';
  readonly traits: SourceTraits = { paid: false, discovers: true, resumesMidUnit: false };
  readonly #config: BrowserSourceConfig;
  readonly #context: SourceContext;
  readonly #walk: PageWalk;
  readonly #pool: BrowserPool;

  constructor(config: BrowserSourceConfig, context: SourceContext, options: PageWalkOptions) {
    this.#config = config;
    this.#context = context;
    this.#walk = new PageWalk(config, context, options);
    this.#pool = new BrowserPool(config, context, (text, encode) =>
      this.#walk.http.expand(text, encode),
    );
  }

  async *plan(signal: AbortSignal): AsyncGenerator<NewUnit, void, void> {
    yield* this.#walk.plan(signal);
  }

  async *collect(
    unit: ClaimedUnit,
    { signal, stages }: CollectContext,
  ): AsyncGenerator<Page<HtmlItem>, void, void> {
    signal.throwIfAborted();
    if (isSitemap(unit)) {
      yield* this.#walk.collectSitemap(unit, signal, stages);
      return;
    }
    const { quota } = this.#walk;
    quota.take(unit);
    let isCounted = false;
    try {
      for await (const page of this.#collectPage(unit, signal, stages)) {
        isCounted = page.end === onePage;
        yield page;
      }
    } finally {
      if (!isCounted) quota.giveBack(unit);
    }
  }

  map(item: HtmlItem): JsonObject {
    return this.#walk.map(item);
  }

  toRaw(item: HtmlItem): JsonValue {
    return this.#walk.toRaw(item);
  }

  fromRaw(raw: JsonValue, unit: Unit): HtmlItem {
    return this.#walk.fromRaw(raw, unit);
  }

  provenance(item: HtmlItem): { readonly url: string; readonly fetchedAt: string } {
    return this.#walk.provenance(item);
  }

  health(): readonly HostHealth[] {
    return this.#walk.health();
  }

  async close(): Promise<void> {
    // What is under way ends because the source is closed, not because its browser went away.
    const walk = this.#walk.close();
    await Promise.all([walk, this.#pool.close()]);
  }

  async *#collectPage(
    unit: ClaimedUnit,
    signal: AbortSignal,
    stages: StageWatch | undefined,
  ): AsyncGenerator<Page<HtmlItem>, void, void> {
    const minDelayMs = await this.#walk.admit(unit.key, signal);
    stages?.enter('wait');
    const { turn, facts } = await this.#walk.http.visit(unit.key, { minDelayMs, signal });
    let last: Page<HtmlItem>;
    try {
      const lease = await this.#pool.take(signal);
      let isWell = false;
      try {
        stages?.enter('fetch');
        const visit = new PageVisit({
          unit,
          tab: lease.tab,
          walk: this.#walk,
          config: this.#config,
          context: this.#context,
          turn,
          facts,
          signal,
        });
        const movedTo = await visit.open();
        if (movedTo === undefined) {
          yield* this.#work(visit, lease.tab.page, stages);
          stages?.enter('parse');
          const { items, units } = await visit.look(true);
          await visit.tellMisses();
          last = { items, units, end: onePage };
        } else {
          const units = [this.#walk.redirects.moved(unit, movedTo)];
          last = { items: [], units, end: movedAway };
        }
        isWell = true;
      } catch (error) {
        signal.throwIfAborted();
        // Of an answer that is no page the tab has taken no harm.
        isWell = error instanceof CollectorError && !(error instanceof RetryError);
        throw named(unit.key, error);
      } finally {
        lease.end(isWell);
      }
    } finally {
      turn.end();
    }
    // While this is made durable, the tab is another unit's.
    yield last;
  }

  /** Works the page, and gives what it shows meanwhile. */
  async *#work(
    visit: PageVisit,
    page: BrowserPage,
    stages: StageWatch | undefined,
  ): AsyncGenerator<Page<HtmlItem>, void, void> {
    const { interactions, onInteractionFailure, browser } = this.#config;
    const { clock, logger, root } = this.#context;
    if (interactions.length === 0) return;
    const activity = new Activity(page, clock);
    try {
      const steps = interact(interactions, onInteractionFailure, {
        page,
        activity,
        clock,
        logger,
        signal: visit.signal,
        expand: (text) => this.#walk.http.expand(text),
        saveScreenshot: (picture) =>
          writeScreenshot(picture, {
            root,
            folder: browser.screenshots,
            url: page.url(),
            atMs: clock.now(),
          }),
        assertWell: visit.assertWell,
      });
      for (let fresh = 0; (await steps.next(fresh)).done !== true;) {
        stages?.enter('parse');
        const { items, units, isChanged } = await visit.look(false);
        stages?.enter('fetch');
        fresh = this.#config.items === undefined ? Number(isChanged) : items.length;
        if (items.length + units.length > 0) yield { items, units };
      }
    } finally {
      activity.close();
    }
  }
}

/** Whatever the browser throws that is none of our own: it may be otherwise the next time. */
function named(url: string, error: unknown): unknown {
  if (error instanceof CollectorError) return error;
  return new RetryError('BROWSER_ERROR', `${url}: ${firstLineOf(error)}`, {
    data: { url },
    cause: error,
  });
}
