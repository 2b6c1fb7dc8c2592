import * as vscode from 'vscode';
import { t } from '@vscode/l10n';
import { codeOf, messageOf } from '../core/errors.ts';
import type { Formats } from '../core/format.ts';
import { errorWords, type ErrorAction } from './text/errorWords.ts';
import type { SecretVault } from './collections/secrets.ts';
import { showErrorMessage } from './window.ts';

/** Where an error came up: what the actions of its message need. */
export interface ErrorContext {
  /** The collection file that was being used. */
  readonly collection?: vscode.Uri;
  /** Starts a new session of it. */
  readonly startNew?: () => Promise<unknown>;
  /** Asks for a higher limit, and goes on with it. */
  readonly raiseAndResume?: () => Promise<unknown>;
}

/** Errors at the edge: written to the log whole, shown as one message with its next step. */
export class Reporter {
  readonly #log: vscode.LogOutputChannel;
  readonly #formats: Formats;
  readonly #secrets: SecretVault;
  readonly #showProblem: (collection: vscode.Uri) => Promise<void>;
  readonly #installBrowser: () => Promise<unknown>;

  /**
   * @param showProblem opens a collection file at its first problem.
   * @param installBrowser downloads a browser.
   */
  constructor(options: {
    log: vscode.LogOutputChannel;
    formats: Formats;
    secrets: SecretVault;
    showProblem: (collection: vscode.Uri) => Promise<void>;
    installBrowser: () => Promise<unknown>;
  }) {
    this.#log = options.log;
    this.#formats = options.formats;
    this.#secrets = options.secrets;
    this.#showProblem = options.showProblem;
    this.#installBrowser = options.installBrowser;
  }

  /** Tells about an error; resolves when the message is gone and its action, if one was chosen, is done. */
  async show(error: unknown, context: ErrorContext = {}): Promise<void> {
    this.#log.error(
      `${codeOf(error)}: ${error instanceof Error ? (error.stack ?? messageOf(error)) : messageOf(error)}`,
    );
    const words = errorWords(error, this.#formats);
    const actions = words.actions.filter((action) => canDo(action, context));
    const labels = new Map(actions.map((action) => [actionLabel(action), action]));
    const chosen = await showErrorMessage(words.message, ...labels.keys());
    switch (chosen === undefined ? undefined : labels.get(chosen)) {
      case 'showLog':
        this.#log.show();
        return;
      case 'showProblem':
        if (context.collection) await this.#showProblem(context.collection);
        return;
      case 'showCollection':
        if (context.collection) await vscode.window.showTextDocument(context.collection);
        return;
      case 'startNew':
        if (context.startNew) this.guard(context.startNew, context);
        return;
      case 'raiseAndResume':
        if (context.raiseAndResume) this.guard(context.raiseAndResume, context);
        return;
      case 'setSecret':
        await this.#secrets.ask(words.secret);
        return;
      case 'installBrowser':
        await this.#installBrowser();
        return;
      case undefined:
        return;
    }
  }

  /** Runs something that nobody waits for; what it throws is shown. */
  guard(work: () => Promise<unknown>, context?: ErrorContext): void {
    void work().catch((error: unknown) => this.show(error, context));
  }
}

function canDo(
  action: ErrorAction,
  { collection, startNew, raiseAndResume }: ErrorContext,
): boolean {
  switch (action) {
    case 'showProblem':
    case 'showCollection':
      return collection !== undefined;
    case 'startNew':
      return startNew !== undefined;
    case 'raiseAndResume':
      return raiseAndResume !== undefined;
    case 'showLog':
    case 'setSecret':
    case 'installBrowser':
      return true;
  }
}

function actionLabel(action: ErrorAction): string {
  switch (action) {
    case 'showLog':
      return t('Show Log');
    case 'showProblem':
      return t('Show Problem');
    case 'showCollection':
      return t('Show Collection');
    case 'startNew':
      return t('Start New');
    case 'raiseAndResume':
      return t('Raise and Resume');
    case 'setSecret':
      return t('Set Secret');
    case 'installBrowser':
      return t('Install Browser');
  }
}
