import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { SessionSnapshot } from '../../core/live.ts';
import { installBrowser } from '../collections/installBrowser.ts';
import { limitToRaise } from '../text/limitText.ts';
import { mergeOf, tellMerged } from '../data/mergeMasters.ts';
import { engineText } from '../text/engineText.ts';
import { recordsPhrase } from '../text/phrases.ts';
import { raiseAndResume } from './raiseLimit.ts';
import type { Services } from '../services.ts';
import { showInformationMessage, showWarningMessage } from '../window.ts';

/**
 * Tells when a session of this window needs a person: it faulted, or a guard paused it. What a person did themselves,
 * and what its dashboard on the screen already shows, is not told. A merge that is complete is: its file is what they want.
 */
export function registerEndNotices(services: Services): vscode.Disposable {
  const told = new Map<string, string>();
  const onState = (event: { workspace: string; session: string; snapshot: SessionSnapshot }) => {
    const { workspace, session, snapshot } = event;
    const { state, reason } = snapshot.view;
    const key = `${state} ${reason ?? ''}`;
    // The engine may tell the same state twice: when it is entered and when everything is closed.
    if (told.get(session) === key) return;
    told.set(session, key);
    const message = noticeFor(snapshot, services);
    const ref = { workspace, session };
    const isSeen = services.dashboards.isVisible(ref);
    services.reporter.guard(async () => {
      const merged = state === 'completed' ? await mergeOf(services, ref) : undefined;
      if (merged) {
        await tellMerged(services, merged);
        return;
      }
      const isBrowserMissing = snapshot.view.reasonCode === 'BROWSER_MISSING';
      // The dashboard says what is missing, and can't install it.
      if (!message || (isSeen && !isBrowserMissing)) return;
      const open = t('Open Dashboard');
      const install = t('Install Browser');
      const raise = t('Raise and Resume');
      const tracked = await services.tracker.find(ref);
      const isRaisable = tracked !== undefined && limitToRaise(tracked) !== undefined;
      const actions = [
        ...(isBrowserMissing ? [install] : []),
        ...(isRaisable ? [raise] : []),
        open,
      ];
      const chosen =
        state === 'completed'
          ? await showInformationMessage(message, ...actions)
          : await showWarningMessage(message, ...actions);
      if (chosen === raise) await raiseAndResume(services, ref);
      if (chosen === open) await services.dashboards.open(ref);
      if (chosen === install && (await installBrowser(services))) await services.runs.resume(ref);
    });
  };
  services.engine.events.on('state', onState);
  return new vscode.Disposable(() => services.engine.events.off('state', onState));
}

function noticeFor({ view }: SessionSnapshot, { formats }: Services): string | undefined {
  const why = engineText(view.reasonMessage ?? '');
  switch (view.state) {
    case 'faulted':
      return t('{0} has stopped: {1}', view.name, why);
    case 'paused':
      return view.reason === 'user' ? undefined : t('{0} is paused: {1}', view.name, why);
    case 'completed':
      return view.units.failed > 0
        ? t(
            '{0} is complete: {1}, {2} failed.',
            view.name,
            recordsPhrase(view.records, formats),
            formats.count(view.units.failed),
          )
        : t('{0} is complete: {1}.', view.name, recordsPhrase(view.records, formats));
    case 'active':
    case 'stopped':
    case 'interrupted':
      return undefined;
  }
}
