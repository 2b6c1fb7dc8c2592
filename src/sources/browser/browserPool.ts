import type { BrowserSourceConfig } from '../../core/config/browserSource.ts';
import { CollectorError, messageOf, RetryError } from '../../core/errors.ts';
import { untilAborted } from '../html/untilAborted.ts';
import type { SourceContext } from '../source.ts';
import { launchBrowser, removeRemains, type RunningBrowser } from './launchBrowser.ts';
import { readManners, readProxy, userAgentFor, type Expand, type Manners } from './manners.ts';
import { Tab } from './tab.ts';

/** A page is left this long after its unit when nobody has use for its tab: soon enough to stop what it does. */
const parkAfterMs = 100;

/** One of the places for a tab. */
interface Slot {
  /** undefined until one is needed. */
  tab: Promise<Tab> | undefined;
  /** What puts the page away that was left in it. */
  parking: NodeJS.Timeout | undefined;
}

/** A tab that one unit has to itself. */
export interface Lease {
  readonly tab: Tab;
  /** Gives the tab back, for another unit when `isWell`. */
  end(isWell: boolean): void;
}

/**
 * The browser of a source, with so many tabs, each in a context of its own (cookies, storage). Tabs are used again, and
 * thrown away with their contexts after so many pages, or when something was wrong. A browser that crashed is started
 * again for the next unit.
 */
export class BrowserPool {
  readonly #config: BrowserSourceConfig;
  readonly #context: SourceContext;
  readonly #expand: Expand;
  readonly #free: Slot[];
  readonly #waiting: (() => void)[] = [];
  readonly #closing = new AbortController();
  /** What is being put away: closing waits for it. */
  readonly #leaving = new Set<Promise<unknown>>();
  readonly #tabs = new Set<Tab>();
  #manners: Promise<Manners> | undefined;
  #browser: Promise<RunningBrowser> | undefined;
  #hasStarted = false;
  #closed: Promise<void> | undefined;

  constructor(config: BrowserSourceConfig, context: SourceContext, expand: Expand) {
    this.#config = config;
    this.#context = context;
    this.#expand = expand;
    this.#free = Array.from({ length: config.browser.contexts }, () => ({
      tab: undefined,
      parking: undefined,
    }));
  }

  /**
   * Waits for a tab.
   *
   * @throws the signal's reason; PauseError when there is no browser, or a person has to put something right first;
   *   RetryError when the browser was lost.
   */
  async take(signal: AbortSignal): Promise<Lease> {
    const either = AbortSignal.any([signal, this.#closing.signal]);
    const slot = await this.#takeSlot(either);
    try {
      clearTimeout(slot.parking);
      slot.tab ??= this.#openTab();
      const tab = await untilAborted(slot.tab, either);
      return {
        tab,
        end: (isWell) => {
          this.#giveBack(slot, tab, isWell);
        },
      };
    } catch (error) {
      // A tab that could not be opened is tried anew by the next one; one that is still being opened is kept.
      if (!either.aborted) slot.tab = undefined;
      this.#freeSlot(slot);
      signal.throwIfAborted();
      throw error;
    }
  }

  /** Ends the browser. Units that have a tab lose it. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const reason = new RetryError('BROWSER_CLOSED', 'The browser was ended with its source.');
    this.#closing.abort(reason);
    for (const slot of this.#free) clearTimeout(slot.parking);
    for (const tab of this.#tabs) tab.lose(reason);
    try {
      if (this.#browser === undefined) await removeRemains(this.#context.scratch);
      else await (await this.#browser).close();
    } catch {
      // It never started.
    }
    await Promise.allSettled(this.#leaving);
  }

  async #takeSlot(signal: AbortSignal): Promise<Slot> {
    for (;;) {
      signal.throwIfAborted();
      // The one that was used last: its page need not be put away.
      const slot = this.#free.pop();
      if (slot !== undefined) return slot;
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const wake = (): void => {
        resolve(undefined);
      };
      this.#waiting.push(wake);
      try {
        await untilAborted(promise, signal);
      } catch (error) {
        const at = this.#waiting.indexOf(wake);
        if (at === -1) this.#waiting.shift()?.();
        else this.#waiting.splice(at, 1);
        throw error;
      }
    }
  }

  #freeSlot(slot: Slot): void {
    this.#free.push(slot);
    this.#waiting.shift()?.();
  }

  #giveBack(slot: Slot, tab: Tab, isWell: boolean): void {
    tab.end();
    const { pagesPerContext } = this.#config.browser;
    if (!isWell || tab.gone.aborted || tab.visits >= pagesPerContext) {
      slot.tab = undefined;
      this.#putAway(tab);
    } else if (!this.#closing.signal.aborted) {
      slot.parking = setTimeout(() => {
        this.#park(slot, tab);
      }, parkAfterMs);
    }
    this.#freeSlot(slot);
  }

  /** Whoever takes the slot next waits until the page is left. */
  #park(slot: Slot, tab: Tab): void {
    slot.tab = tab.park().then(
      () => tab,
      () => {
        this.#putAway(tab);
        return this.#openTab();
      },
    );
    slot.tab.catch(() => undefined);
  }

  #putAway(tab: Tab): void {
    this.#tabs.delete(tab);
    const leaving = tab.dispose().then(async (isClosed) => {
      // It hangs, and nothing that it holds can be had back any other way.
      if (!isClosed) await (await this.#browser)?.close();
    });
    const watched = leaving
      .catch(() => undefined)
      .finally(() => {
        this.#leaving.delete(watched);
      });
    this.#leaving.add(watched);
  }

  async #openTab(): Promise<Tab> {
    const manners = await this.#prepare();
    const running = await this.#running();
    try {
      const { contact } = this.#config.request;
      const context = await running.browser.newContext({
        ...manners.context,
        userAgent: userAgentFor(
          running.userAgent,
          manners.userAgent,
          contact ?? this.#context.network.contact,
        ),
      });
      const tab = await Tab.open(context, {
        block: this.#config.browser.block,
        headers: manners.homeHeaders,
        cookies: manners.cookies,
        logger: this.#context.logger,
      });
      this.#tabs.add(tab);
      return tab;
    } catch (error) {
      throw error instanceof CollectorError
        ? error
        : new RetryError('BROWSER_LOST', `The browser opened no page: ${messageOf(error)}`, {
            cause: error,
          });
    }
  }

  #prepare(): Promise<Manners> {
    this.#manners ??= readManners(this.#config, this.#context, this.#expand).catch(
      (error: unknown) => {
        // What is missing may be there the next time.
        this.#manners = undefined;
        throw error;
      },
    );
    return this.#manners;
  }

  #running(): Promise<RunningBrowser> {
    this.#closing.signal.throwIfAborted();
    this.#browser ??= this.#launch();
    return this.#browser;
  }

  async #launch(): Promise<RunningBrowser> {
    try {
      const proxy = await readProxy(this.#config, this.#context, this.#expand);
      const running = await launchBrowser(this.#config.browser, proxy, this.#context);
      running.browser.on('disconnected', () => {
        this.#onLost();
      });
      this.#hasStarted = true;
      return running;
    } catch (error) {
      this.#browser = undefined;
      // It did start on this machine: what is in the way now may pass.
      if (this.#hasStarted && error instanceof CollectorError && error.code === 'BROWSER_FAILED')
        throw new RetryError('BROWSER_LOST', error.message, { data: error.data, cause: error });
      throw error;
    }
  }

  #onLost(): void {
    if (this.#closing.signal.aborted) return;
    this.#browser = undefined;
    const error = new RetryError('BROWSER_CRASHED', 'The browser ended. It is started again.');
    const lost = [...this.#tabs];
    this.#tabs.clear();
    for (const tab of lost) tab.lose(error);
    this.#context.logger.warn({ pages: lost.length }, error.message);
  }
}
