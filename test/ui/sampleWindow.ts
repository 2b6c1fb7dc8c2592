import { mkdtemp, realpath, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Frame } from 'playwright';
import type { LoopbackServer } from '../../src/serve/loopback.ts';
import { startSampleSite } from '../../src/serve/sampleSite.ts';
import { bookCollection } from '../fixtures/bookCollection.ts';
import { readMasters, writeCollection } from '../fixtures/workspace.ts';
import { eventually } from './eventually.ts';
import { withWorkbench, type Workbench } from './harness.ts';

/** A VS Code window on a folder with one collection, and the site that it collects. */
export interface SampleWindow {
  readonly workbench: Workbench;
  readonly folder: string;
  readonly site: LoopbackServer;
  /** The URLs of every record in the masters, in their order: the recount. */
  urls(): Promise<readonly string[]>;
}

export interface SampleOptions {
  /** How long the site thinks before it answers: how long a run takes. */
  readonly delayMs?: number;
  readonly asksForTrust?: boolean;
  /** Makes the folder what the test needs before the window opens. */
  readonly prepare?: (folder: string) => Promise<void>;
  /** Added to the extension host's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The display language, for extensions. */
  readonly language?: string;
}

/**
 * For a run that must not be over before a person has done something: the busiest machine is in time. What is to be
 * seen to its end then gets `site.setDelay(0)`.
 */
export const slowMs = 1500;

/** Opens the window for one test; everything is gone when it has ended. */
export async function withSampleWindow(
  name: string,
  { delayMs = 0, asksForTrust = false, prepare, env = {}, language }: SampleOptions,
  use: (window: SampleWindow) => Promise<void>,
): Promise<void> {
  const folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'cf-ui-')));
  const site = await startSampleSite({ delayMs });
  try {
    await writeCollection(folder, bookCollection(site.url));
    await prepare?.(folder);
    const urls = async () =>
      (await readMasters(path.join(folder, 'data', 'raw'))).map((record) => String(record['url']));
    const options = { folder, asksForTrust, env, ...(language !== undefined && { language }) };
    await withWorkbench(name, options, (workbench) => use({ workbench, folder, site, urls }));
  } finally {
    await site.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}

/** Starts the sample collection by the palette and waits for its dashboard. */
export async function startByPalette(workbench: Workbench): Promise<Frame> {
  // The palette lists what was there when it opened: the extension has to be known by then.
  await workbench.openView('Collector');
  await workbench.runCommand('Collector: Start Collection');
  await workbench.pick('books.collect.json');
  return dashboard(workbench);
}

/** Waits for a notification. Under the smoke-test driver VS Code shows them in its list only, which closes when empty. */
export async function untilTold(workbench: Workbench, text: RegExp): Promise<void> {
  await eventually(`a notification ${String(text)}`, async () => {
    if (await workbench.notification(text).first().isVisible()) return true;
    await workbench.runCommand('Notifications: Show Notifications');
    return false;
  });
}

/** The dashboard's page. */
export function dashboard(workbench: Workbench): Promise<Frame> {
  return workbench.webview('main .figures');
}

/** Waits until the dashboard's state reads like this. */
export async function untilDashboardSays(page: Frame, state: string): Promise<void> {
  await page.locator('.state', { hasText: state }).waitFor();
}

/** A figure of the dashboard, as a person reads it. */
export async function figure(page: Frame, name: string): Promise<number> {
  const text = await page.locator(`[data-figure="${name}"]`).innerText();
  return Number(text.replaceAll(',', ''));
}
