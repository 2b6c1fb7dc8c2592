import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Browser, BrowserContext, Frame, Locator, Page } from 'playwright';
import { launchBrowser } from '../../.ci/browser.ts';
import { VscodeServer, type ServerOptions } from '../../.ci/vscode.ts';
import { eventually, waitMs } from './eventually.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** How long the palette may take to list a command that is there. */
const paletteMs = 2_000;

/** How long a click on a command that is listed may take. */
const clickMs = 10_000;

export interface WorkbenchOptions extends Omit<ServerOptions, 'hasExtension'> {
  /** The workspace folder, or a `.code-workspace` file with several; left out: a window without one. */
  readonly folder?: string;
  /** The display language, for extensions: VS Code's own words stay English without its language pack. */
  readonly language?: string;
}

/** A real VS Code of one's own with the package installed, used as a person does: by keyboard, mouse and what is on the screen. */
export class Workbench {
  readonly server: VscodeServer;
  /** The open window. */
  page: Page;
  readonly #browser: Browser;
  readonly #context: BrowserContext;
  readonly #url: string;

  private constructor(
    server: VscodeServer,
    browser: Browser,
    context: BrowserContext,
    page: Page,
    url: string,
  ) {
    this.server = server;
    this.page = page;
    this.#browser = browser;
    this.#context = context;
    this.#url = url;
  }

  /** Starts VS Code on a folder and waits until its window can be used. */
  static async open(options: WorkbenchOptions): Promise<Workbench> {
    const server = await VscodeServer.start({ ...options, hasExtension: true });
    let browser: Browser | undefined;
    try {
      browser = await launchBrowser();
      const context = await browser.newContext({
        viewport: { width: 1400, height: 900 },
        // A spinner that turns keeps a core of a machine without a graphics card busy.
        reducedMotion: 'reduce',
      });
      context.setDefaultTimeout(waitMs);
      if (options.language !== undefined) await speak(context, options.language);
      const page = await context.newPage();
      const url = server.url({ folder: options.folder });
      const workbench = new Workbench(server, browser, context, page, url);
      await workbench.#show();
      return workbench;
    } catch (error) {
      await browser?.close();
      await server.stop();
      throw error;
    }
  }

  /** Runs a command by its title in the command palette, e.g. `Collector: Start Collection`. */
  async runCommand(title: string): Promise<void> {
    const row = this.#quickPickRow(title);
    const giveUpAt = Date.now() + waitMs;
    // It may close at once: what has just been closed (a menu, a question) gives the focus back. So it gets little time
    // at first; a machine that is busy gets more.
    for (let timeout = paletteMs / 4; ; timeout = Math.min(2 * timeout, 4 * paletteMs)) {
      await this.page.keyboard.press('F1');
      try {
        const input = this.#quickInput().locator('input').first();
        await input.fill(`>${title}`, { timeout });
        await row.waitFor({ timeout });
        // A click that is given up may have been one: a busy machine gets its time, for no command is run twice.
        await row.click({ timeout: clickMs });
        return;
      } catch (error) {
        if (Date.now() > giveUpAt) throw error;
        // The palette lists what was there when it was opened: the extension may have come since.
        await this.page.keyboard.press('Escape');
      }
    }
  }

  /** Chooses an item of the quick pick on the screen by a part of its text. */
  async pick(text: string | RegExp): Promise<void> {
    await this.#quickPickRow(text).click();
  }

  /**
   * Waits for the box or the list that asks this: a part of the prompt of an input box (or of what it says is wrong),
   * or of the placeholder of a list. What the list itself holds does not count: it may be still the one before.
   */
  async untilAsked(about: string | RegExp): Promise<void> {
    await this.#asking(about).waitFor();
  }

  /** Types into what asks this, and leaves it at that: a list is filtered, an input box checks. */
  async type(text: string, about: string | RegExp): Promise<void> {
    await this.#asking(about).locator('input').first().fill(text);
  }

  /** Takes what is proposed, typed or ticked in what asks this, by Enter. */
  async accept(about: string | RegExp): Promise<void> {
    const asking = this.#asking(about);
    const input = asking.locator('input').first();
    await input.press('Enter');
    try {
      await asking.waitFor({ state: 'hidden', timeout: paletteMs });
    } catch {
      // It had only just come, and took the key for one that was meant for the box before.
      await input.press('Enter', { timeout: paletteMs }).catch(() => undefined);
      await asking.waitFor({ state: 'hidden' });
    }
  }

  /** Types into the input box that asks this, and confirms. */
  async enter(text: string, about: string | RegExp): Promise<void> {
    await this.type(text, about);
    await this.accept(about);
  }

  /** What is typed in the input box that asks this. */
  typed(about: string | RegExp): Promise<string> {
    return this.#asking(about).locator('input').first().inputValue();
  }

  /** Chooses a file that is there in VS Code's own dialog. */
  async chooseFile(file: string): Promise<void> {
    // It fills in the folder that it begins with only when it has listed it.
    await this.#quickPickRow('..').waitFor();
    await this.#quickInput().locator('input').first().fill(file);
    // And it takes what is typed only when it has listed the folder of that.
    await this.#quickPickRow(path.basename(file)).click();
  }

  /** Takes the name that VS Code's own dialog for saving proposes. */
  async acceptFileName(): Promise<void> {
    await this.#quickPickRow('..').waitFor();
    await this.page.keyboard.press('Enter');
  }

  /** Opens a view container by the title of its icon in the activity bar. */
  async openView(title: string): Promise<void> {
    const tab = this.page.locator('.part.activitybar').getByRole('tab', { name: title });
    if ((await tab.getAttribute('aria-selected')) !== 'true') await tab.click();
    await tab.and(this.page.locator('[aria-selected="true"]')).waitFor();
  }

  /** The row of a tree whose text holds this. */
  row(text: string | RegExp): Locator {
    return this.page.locator('.part.sidebar').getByRole('treeitem').filter({ hasText: text });
  }

  /** Clicks on a row of a tree; `also` adds it to those that are chosen. */
  async clickRow(row: Locator, how: 'alone' | 'also' = 'alone'): Promise<void> {
    await this.#leaveRows();
    await row.click({ modifiers: how === 'also' ? ['ControlOrMeta'] : [] });
  }

  /** Opens a row of a tree, so that its children are rows too. */
  async expand(text: string | RegExp): Promise<void> {
    const row = this.row(text).first();
    await row.waitFor();
    await this.#leaveRows();
    if ((await row.getAttribute('aria-expanded')) === 'true') return;
    await row.locator('.monaco-tl-twistie').click();
    await row.and(this.page.locator('[aria-expanded="true"]')).waitFor();
  }

  /** Presses an action button in the row of a tree, e.g. Resume. */
  async pressInRow(text: string | RegExp, action: string): Promise<void> {
    const row = this.row(text).first();
    await this.#leaveRows();
    await row.hover();
    await row.getByRole('button', { name: action }).click();
  }

  /**
   * Chooses an action of the menu that a row of a tree has: one that is not in its row.
   *
   * @returns when that was: milliseconds since 1970.
   */
  async chooseInMenu(row: Locator, action: string): Promise<number> {
    await this.#leaveRows();
    await row.click({ button: 'right' });
    const item = this.page.getByRole('menuitem', { name: action });
    // A click that follows the opening one at once is taken for a part of it.
    await item.hover();
    const chosenAt = Date.now();
    await this.page.keyboard.press('Enter');
    await item.waitFor({ state: 'detached' });
    return chosenAt;
  }

  /** A question that has to be answered before anything else, by a part of its text. */
  question(text: string | RegExp): Locator {
    return this.page.getByRole('dialog', { name: text });
  }

  /** A notification on the screen whose text holds this. */
  notification(text: string | RegExp): Locator {
    return this.page.locator('.notification-list-item').filter({ hasText: text });
  }

  /** Presses a button of a notification, e.g. Resume. */
  async answer(text: string | RegExp, button: string): Promise<void> {
    // VS Code may list one twice for a moment, when its notifications are shown anew.
    await this.notification(text).getByRole('button', { name: button }).first().click();
  }

  /** An entry of the status bar whose text holds this. */
  statusBarItem(text: string | RegExp): Locator {
    return this.page.locator('.part.statusbar .statusbar-item').filter({ hasText: text });
  }

  /** The tab of an open editor whose title holds this. */
  tab(title: string | RegExp): Locator {
    return this.page.locator('.part.editor').getByRole('tab').filter({ hasText: title });
  }

  /** Waits until the editor in front shows this: its tab is there before its text. */
  async untilText(pattern: RegExp): Promise<void> {
    await eventually(`an editor that shows ${String(pattern)}`, async () =>
      pattern.test(await this.visibleText()),
    );
  }

  /** Opens an untitled file, and waits until it is in front. */
  async openUntitled(): Promise<void> {
    await this.runCommand('File: New Untitled Text File');
    await this.tab('Untitled').waitFor();
  }

  /** The text that the editor in front shows (only its visible lines). */
  async visibleText(): Promise<string> {
    const text = await this.page.locator('.editor-instance .view-lines').first().innerText();
    return text.replaceAll('\u00a0', ' ');
  }

  /** The document of the webview on the screen that has this element. Waits until there is one. */
  async webview(selector: string): Promise<Frame> {
    let found: Frame | undefined;
    await eventually(`a webview with ${selector}`, async () => {
      for (const frame of this.page.frames()) {
        // A frame may go away while it is looked at.
        const count = await frame
          .locator(selector)
          .count()
          .catch(() => 0);
        if (count > 0 && frame.parentFrame()?.parentFrame()) found = frame;
        if (found) return true;
      }
      return false;
    });
    return found!;
  }

  /** Keeps what is on the screen as `out/screenshots/NAME.png`, to be looked at. */
  async screenshot(name: string): Promise<void> {
    const file = path.join(root, 'out', 'screenshots', `${name}.png`);
    await mkdir(path.dirname(file), { recursive: true });
    await this.page.screenshot({ path: file });
  }

  /** Closes the window as a person does, so that the extension can say goodbye. */
  async closeWindow(): Promise<void> {
    const closed = this.page.waitForEvent('close');
    await this.page.close({ runBeforeUnload: true });
    await closed;
  }

  /** Opens the folder in a new window, after `closeWindow` or beside the window that is open. */
  async openWindow(): Promise<void> {
    this.page = await this.#context.newPage();
    await this.#show();
  }

  /** Ends the window, the browser and the server with all its processes. */
  async close(): Promise<void> {
    await this.#browser.close();
    await this.server.stop();
  }

  async #show(): Promise<void> {
    await this.page.goto(this.#url);
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor();
    // The explorer or a view: something has been restored, so the palette answers. A container with one view has no
    // pane header, but every one has its title. A window without a folder hides that bar.
    const isEmpty = new URL(this.#url).searchParams.has('ew');
    const restored = isEmpty
      ? '.part.activitybar .action-item'
      : '.part.sidebar .composite.title .title-label h2';
    await this.page
      .locator(restored, { hasText: isEmpty ? '' : /\S/ })
      .first()
      .waitFor();
  }

  /** What VS Code tells of the row that the mouse is on lies over the rows below it. */
  async #leaveRows(): Promise<void> {
    await this.page.mouse.move(0, 0);
    await this.page.locator('.workbench-hover:visible').waitFor({ state: 'hidden' });
  }

  #quickInput(): Locator {
    return this.page.locator('.quick-input-widget:visible');
  }

  #asking(about: string | RegExp): Locator {
    const prompt = this.page.locator('.quick-input-message', { hasText: about });
    return this.#quickInput().filter({ has: prompt.or(this.page.getByPlaceholder(about)) });
  }

  #quickPickRow(text: string | RegExp): Locator {
    return this.#quickInput().locator('.monaco-list-row').filter({ hasText: text }).first();
  }
}

/** Tells every window its display language as a language pack would: beside the messages of the workbench. */
async function speak(context: BrowserContext, language: string): Promise<void> {
  await context.route('**/out/nls.messages.js', async (route) => {
    const response = await route.fetch();
    const body = `${await response.text()}\nglobalThis._VSCODE_NLS_LANGUAGE = ${JSON.stringify(language)};`;
    await route.fulfill({ response, body });
  });
}

/** Opens a workbench for one test, and closes it whatever happens; a failure leaves `failed-NAME.png` behind. */
export async function withWorkbench(
  name: string,
  options: WorkbenchOptions,
  use: (workbench: Workbench) => Promise<void>,
): Promise<void> {
  const workbench = await Workbench.open(options);
  try {
    await use(workbench);
  } catch (error) {
    // The window may be what failed.
    await workbench.screenshot(`failed-${name}`).catch(() => undefined);
    throw error;
  } finally {
    await workbench.close();
  }
}
