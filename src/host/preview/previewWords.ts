import type { Formats } from '../../core/format.ts';
import type { PreviewOutcome } from '../../core/preview.ts';
import type { PreviewAction } from '../../protocol/preview.ts';
import { RemoteError } from '../../protocol/rpc.ts';
import { troubleOf, type Trouble } from '../webview/pageTrouble.ts';

/** What is in the way of what a preview shows; null where nothing is. */
export function troubleIn(
  outcome: PreviewOutcome,
  formats: Formats,
): Trouble<PreviewAction> | null {
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
