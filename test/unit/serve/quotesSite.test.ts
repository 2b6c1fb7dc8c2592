import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { after, before, describe, test, type TestContext } from 'node:test';
import type { Browser, Page } from 'playwright';
import { launchBrowser } from '../../../.ci/browser.ts';
import {
  quotesPerPage,
  type QuotesSiteOptions,
  type QuoteStyle,
  startQuotesSite,
} from '../../../src/serve/quotesSite.ts';
import { sampleQuotes, sampleTopics } from '../../../src/serve/sampleQuotes.ts';

test('quotes are the same in every run, and no two have the same words', () => {
  const quotes = sampleQuotes();
  assert.equal(new Set(quotes.map(({ text }) => text)).size, quotes.length);
  assert.deepEqual(sampleQuotes(10), quotes.slice(0, 10));
  assert.equal(
    hash('sha256', JSON.stringify(quotes)),
    'a88b036381d10188f477bcc1e65763f527e0978bfc47ff2649354381e88a539d',
  );
});

describe('the quotes site, in a browser', () => {
  const count = 47;
  const truth = sampleQuotes(count);
  let browser: Browser;

  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  async function open(
    t: TestContext,
    style: QuoteStyle,
    options: QuotesSiteOptions = {},
  ): Promise<Page> {
    const site = await startQuotesSite({ quotes: count, ...options });
    const page = await browser.newPage({ viewport: { width: 800, height: 600 } });
    t.after(async () => {
      await page.context().close();
      await site.close();
    });
    page.setDefaultTimeout(20_000);
    await page.goto(new URL(`${style}/`, site.url).href);
    return page;
  }

  /** Numbers of the quotes that are in the page now. */
  async function numbersIn(page: Page): Promise<number[]> {
    const script = `[...document.querySelectorAll('div.quote')].map((one) => one.dataset.number)`;
    const found = await page.evaluate<string[]>(script);
    return found.map(Number);
  }

  async function untilAll(page: Page): Promise<void> {
    await page.locator('#end').waitFor();
    assert.deepEqual(
      await numbersIn(page),
      truth.map(({ number }) => number),
    );
  }

  test('shows text, author and tags as they are', async (t) => {
    const page = await open(t, 'js');
    const first = page.locator('div.quote').first();
    const shown = {
      text: await first.locator('.text').textContent(),
      author: await first.locator('.author').textContent(),
      tags: await first.locator('.tag').allTextContents(),
    };
    const { text, author, tags } = truth[0]!;
    assert.deepEqual(shown, { text, author, tags });
  });

  for (const style of ['js', 'delayed'] as const) {
    test(`${style}: page by page`, async (t) => {
      const page = await open(t, style, { contentDelayMs: 50 });
      const seen: number[] = [];
      for (;;) {
        await page.locator('div.quote').first().waitFor();
        seen.push(...(await numbersIn(page)));
        const next = page.locator('li.next a');
        if ((await next.count()) === 0) break;
        await next.click();
      }
      assert.deepEqual(
        seen,
        truth.map(({ number }) => number),
      );
      assert.ok(seen.length > 3 * quotesPerPage);
    });
  }

  test('scroll: by scrolling to the bottom, also when an answer was an error', async (t) => {
    const page = await open(t, 'scroll', { failsOnce: ({ search }) => search.includes('page=3') });
    while ((await page.locator('#end').count()) === 0) await page.mouse.wheel(0, 2_000);
    await untilAll(page);
  });

  test('virtual: rows that have scrolled away are gone', async (t) => {
    const page = await open(t, 'virtual');
    const seen = new Set<number>();
    while ((await page.locator('#end').count()) === 0) {
      for (const number of await numbersIn(page)) seen.add(number);
      await page.mouse.wheel(0, 500);
    }
    const last = await numbersIn(page);
    assert.ok(last.length <= 25 + quotesPerPage && !last.includes(1), String(last));
    for (const number of last) seen.add(number);
    assert.equal(seen.size, count);
  });

  test('more: by clicks, and a click that failed can be made again', async (t) => {
    const page = await open(t, 'more', { failsOnce: ({ search }) => search === '?page=2' });
    const more = page.locator('#more');
    await more.click();
    await page.getByText('503').waitFor();
    while ((await more.count()) > 0) {
      await more.click({ timeout: 1_000 }).catch(() => undefined);
    }
    await untilAll(page);
  });

  test('late: the button comes a while after the first click', async (t) => {
    const page = await open(t, 'late', { lateMs: 200 });
    assert.equal(await page.locator('#more').count(), 0);
    await page.locator('#begin').click();
    await page.locator('#more').click();
    await page.locator('div.quote').first().waitFor();
  });

  test('tabs and search: each topic in place of the one before, and all of them are all quotes', async (t) => {
    for (const style of ['tabs', 'search'] as const) {
      const page = await open(t, style);
      const seen: number[] = [];
      for (const topic of sampleTopics) {
        if (style === 'tabs') await page.locator(`[role=tab][data-topic=${topic}]`).click();
        else {
          await page.locator('#topic').selectOption(topic);
          await page.locator('#word').press('Enter');
        }
        await page
          .locator(`#quotes[data-shows="${topic}${style === 'tabs' ? '' : ' '}"]`)
          .waitFor();
        seen.push(...(await numbersIn(page)));
      }
      assert.deepEqual(
        seen.toSorted((a, b) => a - b),
        truth.map(({ number }) => number),
      );
      if (style === 'tabs') continue;
      await page.locator('#word').fill('index');
      await page.locator('#go').click();
      await page.locator('#quotes[data-shows="weather index"]').waitFor();
      const found = truth.filter(
        ({ topic, text }) => topic === 'weather' && text.includes('index'),
      );
      assert.deepEqual(
        await numbersIn(page),
        found.map(({ number }) => number),
      );
    }
  });

  test('dialogs: alert, consent, pop-up and question come before the quotes', async (t) => {
    const site = await startQuotesSite({ quotes: count });
    const page = await browser.newPage();
    t.after(async () => {
      await page.context().close();
      await site.close();
    });
    const dialogs: string[] = [];
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.type());
      void dialog.dismiss();
    });
    await page.goto(`${site.url}dialogs/`);
    const popup = page.waitForEvent('popup');
    await page.locator('#accept').click();
    await popup;
    await untilAll(page);
    assert.deepEqual(dialogs, ['alert', 'confirm']);
  });

  test('members: only with the cookie', async (t) => {
    const page = await open(t, 'members');
    assert.equal((await numbersIn(page)).length, 0);
    await page.locator('#sign-in').click();
    await untilAll(page);
  });
});
