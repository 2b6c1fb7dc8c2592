import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { SessionSnapshot } from '../../core/live.ts';
import type { SessionRef } from '../../protocol/worker.ts';
import { installBrowser } from '../collections/installBrowser.ts';
import { mergeOf, tellMerged } from '../data/mergeMasters.ts';
import type { Services } from '../services.ts';
import { readSetting } from '../settings.ts';
import { endKind, endNotice, endsNotice, isTold } from '../text/endText.ts';
import { limitToRaise } from '../text/limitText.ts';
import { mastersOf } from '../tree/treeModel.ts';
import { showInformationMessage, showWarningMessage } from '../window.ts';
import { Gathering } from './gathering.ts';
import { openMaster } from './openFiles.ts';
import { raiseAndResume } from './raiseLimit.ts';

/** A session that has come to an end, or to where it needs a person. */
interface End {
  readonly ref: SessionRef;
  readonly snapshot: SessionSnapshot;
}

interface Action {
  readonly label: string;
  readonly run: () => unknown;
}

/**
 * Tells when a session of this window is complete or needs a person: it faulted, or a guard paused it. What a person
 * did themselves, and what its dashboard on the screen already shows, is not told; nor what the setting keeps quiet.
 */
export function registerEndNotices(services: Services): vscode.Disposable {
  const told = new Map<string, string>();
  const ends = new Gathering<End>(() => {
    services.notices.add(async () => {
      const gathered = await ends.take();
      // What a person has taken up again meanwhile is no news.
      const still = gathered.filter((end) => told.get(end.ref.session) === wordOf(end));
      await tellEnds(services, still);
    });
  });
  const onState = ({
    workspace,
    session,
    snapshot,
  }: End['ref'] & { snapshot: SessionSnapshot }) => {
    const end = { ref: { workspace, session }, snapshot };
    // The engine may tell the same state twice: when it is entered and when everything is closed.
    if (told.get(session) === wordOf(end)) return;
    told.set(session, wordOf(end));
    if (isNews(services, end)) ends.add(end);
  };
  services.engine.events.on('state', onState);
  return new vscode.Disposable(() => services.engine.events.off('state', onState));
}

function wordOf({ snapshot: { view } }: End): string {
  return `${view.state} ${view.reason ?? ''}`;
}

function isNews({ dashboards }: Services, { ref, snapshot: { view } }: End): boolean {
  if (endKind(view) === 'none') return false;
  // A merge was asked for in so many words, and its file is what they want.
  if (isMerge(view)) return true;
  // The dashboard says what is missing, and can't install it.
  const isShown = dashboards.isVisible(ref) && view.reasonCode !== 'BROWSER_MISSING';
  return !isShown && isTold(view, readSetting('notifications'));
}

/** Neither a collection file nor another session that it maps again. */
function isMerge({ collectionFile, remapOf }: SessionSnapshot['view']): boolean {
  return collectionFile === '' && remapOf === undefined;
}

async function tellEnds(services: Services, ends: readonly End[]): Promise<void> {
  const [only, another] = ends;
  if (!only) return;
  if (another) {
    const text = endsNotice(
      ends.map(({ snapshot }) => snapshot.view),
      services.formats,
    );
    await offer(text, ends, [{ label: t('Show All Sessions'), run: () => showAllSessions() }]);
    return;
  }
  const { view } = only.snapshot;
  const merged =
    view.state === 'completed' && isMerge(view) ? await mergeOf(services, only.ref) : undefined;
  if (merged) await tellMerged(services, merged);
  else await offer(endNotice(view, services.formats), ends, await nextSteps(services, only));
}

async function offer(
  text: string,
  ends: readonly End[],
  actions: readonly Action[],
): Promise<void> {
  const isGood = ends.every(({ snapshot }) => endKind(snapshot.view) === 'done');
  const labels = actions.map(({ label }) => label);
  const chosen = isGood
    ? await showInformationMessage(text, ...labels)
    : await showWarningMessage(text, ...labels);
  await actions.find(({ label }) => label === chosen)?.run();
}

/** What a person does next, the most likely first. */
async function nextSteps(services: Services, { ref, snapshot }: End): Promise<readonly Action[]> {
  const { view } = snapshot;
  const tracked = await services.tracker.find(ref);
  const isRaisable = tracked !== undefined && limitToRaise(tracked) !== undefined;
  const steps: readonly (Action & { readonly isOffered: boolean })[] = [
    {
      label: t('Install Browser'),
      isOffered: view.reasonCode === 'BROWSER_MISSING',
      run: async () => {
        if (await installBrowser(services)) await services.runs.resume(ref);
      },
    },
    {
      label: t('Raise and Resume'),
      isOffered: isRaisable,
      run: () => raiseAndResume(services, ref),
    },
    {
      label: t('Retry Failed Units'),
      isOffered: view.state === 'completed' && view.units.failed > 0,
      run: () => vscode.commands.executeCommand('cfCollector.retryFailedUnits', ref),
    },
    {
      label: t('Show Recovery Plan'),
      isOffered: view.state === 'faulted',
      run: () => vscode.commands.executeCommand('cfCollector.showRecoveryPlan', ref),
    },
    {
      label: t('Open Master'),
      isOffered: view.state === 'completed' && mastersOf(view.files).length > 0,
      run: () => openMaster(services, ref),
    },
    {
      label: t('Open Dashboard'),
      isOffered: true,
      run: () => services.dashboards.open(ref),
    },
  ];
  return steps.filter(({ isOffered }) => isOffered);
}

function showAllSessions(): Thenable<unknown> {
  return vscode.commands.executeCommand('cfCollector.openOverview');
}
