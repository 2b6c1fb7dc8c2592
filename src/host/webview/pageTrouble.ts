import type * as vscode from 'vscode';
import { codeOf } from '../../core/errors.ts';
import type { Formats } from '../../core/format.ts';
import type { PageTrouble, TroubleAction } from '../../protocol/pageTrouble.ts';
import { RemoteError } from '../../protocol/rpc.ts';
import type { EngineClient } from '../engine/engineClient.ts';
import { errorWords, type ErrorAction } from '../text/errorWords.ts';

/** What pages beside a collection file need of the rest of the host. */
export interface FilePageOptions {
  readonly extensionUri: vscode.Uri;
  readonly engine: Pick<EngineClient, 'request' | 'cancelJob'>;
  readonly formats: Formats;
  readonly log: vscode.LogOutputChannel;
  /** What is done about what is in a page's way. */
  readonly actions: {
    showProblem(file: vscode.Uri): Promise<void>;
    setSecret(name: string | undefined): Promise<void>;
    installBrowser(): Promise<unknown>;
  };
}

/** What is in a page's way, with what is needed to do something about it. */
export interface Trouble<Action extends string = TroubleAction> extends PageTrouble<Action> {
  /** The secret that is missing, for `setSecret`. */
  readonly secret: string | undefined;
}

/** What kept a request from being carried out, for a page. */
export function troubleOf(error: unknown, formats: Formats): Trouble {
  const { message, actions, secret } = errorWords(error, formats);
  return { message, actions: actions.flatMap(troubleActionOf), secret };
}

/** Whether a request was ended because nobody waits for it any more. */
export function isCancelled(error: unknown): boolean {
  return (
    error instanceof RemoteError &&
    (codeOf(error) === 'ABORT_ERR' || error.remoteName === 'AbortError')
  );
}

/**
 * Does what a page offers about what is in its way.
 *
 * @param about the collection file, the missing secret, and what to do when that is out of the way.
 */
export async function actOnTrouble(
  { actions, log }: Pick<FilePageOptions, 'actions' | 'log'>,
  action: TroubleAction,
  about: {
    readonly file: vscode.Uri;
    readonly secret: string | undefined;
    readonly again: () => void;
  },
): Promise<void> {
  switch (action) {
    case 'showProblem':
      return actions.showProblem(about.file);
    case 'setSecret':
      await actions.setSecret(about.secret);
      about.again();
      return;
    case 'installBrowser':
      await actions.installBrowser();
      about.again();
      return;
    case 'showLog':
      log.show();
      return;
  }
}

function troubleActionOf(action: ErrorAction): TroubleAction[] {
  switch (action) {
    case 'showProblem':
    case 'setSecret':
    case 'installBrowser':
    case 'showLog':
      return [action];
    case 'showCollection':
    case 'startNew':
    case 'raiseAndResume':
      return [];
  }
}
