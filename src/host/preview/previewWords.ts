import type { Formats } from '../../core/format.ts';
import { codeOf } from '../../core/errors.ts';
import type { PreviewOutcome } from '../../core/preview.ts';
import type { PreviewAction, PreviewTrouble } from '../../protocol/preview.ts';
import { RemoteError } from '../../protocol/rpc.ts';
import { errorWords, type ErrorAction } from '../text/errorWords.ts';

/** What is in the way, with what the page offers to do about it. */
export interface Trouble extends PreviewTrouble {
  /** The secret that is missing, for `setSecret`. */
  readonly secret: string | undefined;
}

/** What kept a preview from running at all. */
export function troubleOf(error: unknown, formats: Formats): Trouble {
  const { message, actions, secret } = errorWords(error, formats);
  return { message, actions: actions.flatMap(actionOf), secret };
}

/** What is in the way of what a preview shows; null where nothing is. */
export function troubleIn(outcome: PreviewOutcome, formats: Formats): Trouble | null {
  if (outcome.kind === 'price') {
    const { session } = outcome.price;
    if (session === null) return null;
    return { message: '', actions: ['previewEarlier'], secret: undefined };
  }
  const { failure } = outcome.report;
  if (failure === null) return null;
  const { code, message, data } = failure;
  const trouble = troubleOf(new RemoteError({ name: failure.kind, code, message, data }), formats);
  // The page says what happened; the log has no more to say about it.
  return { ...trouble, actions: trouble.actions.filter((action) => action !== 'showLog') };
}

/** Whether a request was ended because nobody waits for it any more. */
export function isCancelled(error: unknown): boolean {
  return error instanceof RemoteError && (codeOf(error) === 'ABORT_ERR' || isAbort(error));
}

function isAbort({ remoteName }: RemoteError): boolean {
  return remoteName === 'AbortError';
}

function actionOf(action: ErrorAction): PreviewAction[] {
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
