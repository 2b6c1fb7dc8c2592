import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { statusBarText } from '../text/statusText.ts';
import type { Services } from '../services.ts';

const updateEveryMs = 1000;

/** The status bar item: what this window collects, and nothing when it collects nothing. */
export class StatusBar implements vscode.Disposable {
  readonly #services: Services;
  readonly #item: vscode.StatusBarItem;
  readonly #timer: NodeJS.Timeout;
  #isStale = false;

  constructor(services: Services) {
    this.#services = services;
    this.#item = vscode.window.createStatusBarItem(
      'cfCollector.status',
      vscode.StatusBarAlignment.Left,
    );
    this.#item.name = 'CF Collector';
    this.#item.command = 'cfCollector.openDashboard';
    services.tracker.events.on('changed', () => {
      this.#update();
    });
    services.tracker.events.on('delta', () => {
      this.#isStale = true;
    });
    this.#timer = setInterval(() => {
      if (this.#isStale) this.#update();
    }, updateEveryMs);
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#item.dispose();
  }

  #update(): void {
    this.#isStale = false;
    const { tracker, formats } = this.#services;
    const shown = statusBarText(
      tracker.live().map(({ snapshot }) => snapshot),
      formats,
    );
    if (!shown) {
      this.#item.hide();
      return;
    }
    this.#item.text = shown.text;
    this.#item.tooltip = shown.tooltip;
    this.#item.backgroundColor = shown.isTrouble
      ? new vscode.ThemeColor('statusBarItem.warningBackground')
      : undefined;
    this.#item.accessibilityInformation = { label: shown.label };
    // Of several, all are shown.
    const [only, second] = tracker.live();
    this.#item.command =
      only && !second
        ? {
            command: 'cfCollector.openDashboard',
            title: t('Open the dashboard'),
            arguments: [only.ref],
          }
        : 'cfCollector.openOverview';
    this.#item.show();
  }
}
