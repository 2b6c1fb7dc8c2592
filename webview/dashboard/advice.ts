import { assertNever } from '../../src/core/assert.ts';
import { limitInTheWay } from '../../src/core/limits.ts';
import { isResumable, type SessionView } from '../../src/core/view.ts';
import { shownText } from '../../src/core/shownText.ts';
import type { AdviceKey, DashboardAction, DashboardModel } from '../../src/protocol/dashboard.ts';
import type { Words } from './dashboardWords.ts';

/** How loud the advice is: by it the page picks the icon and the colour of the edge. */
export type Tone = 'info' | 'good' | 'warning' | 'error';

/** What a dashboard says about the state a session is in, and what to do next; null when the figures say it all. */
export interface Advice {
  readonly key: AdviceKey;
  readonly tone: Tone;
}

/** Whether this window runs the session: only then are there measurements. */
export function isRunningHere({ snapshot, holder }: DashboardModel): boolean {
  return snapshot.view.state === 'active' && holder === null;
}

/** Picks the advice for a model. */
export function adviceFor({ snapshot, holder, damage }: DashboardModel): Advice | null {
  const { view, live } = snapshot;
  if (damage !== null) return { key: 'damaged', tone: 'error' };
  if (holder) return { key: 'held', tone: 'info' };
  switch (view.state) {
    case 'active':
      return view.records === 0 && view.units.done === 0 && live.inFlight.length === 0
        ? { key: 'starting', tone: 'info' }
        : null;
    case 'paused':
      return pausedAdvice(view);
    case 'stopped':
      return { key: stoppedKey(view), tone: 'info' };
    case 'interrupted':
      return { key: 'interrupted', tone: 'warning' };
    case 'faulted':
      return { key: 'faulted', tone: 'error' };
    case 'completed':
      if (view.units.failed > 0) return { key: 'completedWithFailures', tone: 'warning' };
      if (view.reason === 'target') return { key: 'completedTarget', tone: 'good' };
      return view.records === 0
        ? { key: 'completedEmpty', tone: 'warning' }
        : { key: 'completed', tone: 'good' };
    default:
      return assertNever(view.state, 'session state');
  }
}

function pausedAdvice(view: SessionView): Advice {
  switch (view.reason) {
    case 'disk-full':
      return { key: 'pausedDiskFull', tone: 'error' };
    case 'budget':
      return { key: 'pausedBudget', tone: 'warning' };
    case 'in-doubt':
      return { key: 'pausedInDoubt', tone: 'warning' };
    case 'setup':
      return { key: 'pausedSetup', tone: 'warning' };
    default:
      return { key: 'pausedByUser', tone: 'info' };
  }
}

function stoppedKey(view: SessionView): AdviceKey {
  switch (view.reason) {
    case 'window-closed':
      return 'stoppedByWindow';
    case 'signal':
      return 'stoppedBySignal';
    case 'guard':
      return 'stoppedByGuard';
    default:
      return 'stoppedByUser';
  }
}

/** The advice in words, with the journal's own reason after it where there is one. */
export function adviceText(words: Words, advice: Advice, model: DashboardModel): string {
  const { t, format } = words;
  const { snapshot, holder, damage } = model;
  const { view } = snapshot;
  const text = t(`advice.${advice.key}`, ...values());
  const reason = advice.key === 'damaged' ? null : view.reasonMessage;
  return reason === null || holder ? text : `${shownText(reason)} ${text}`;

  function values(): string[] {
    switch (advice.key) {
      case 'held':
        return holder
          ? [
              String(holder.pid),
              shownText(holder.host, 100),
              format.dateTime(Date.parse(holder.since)),
            ]
          : [];
      case 'damaged':
        return [shownText(damage ?? '')];
      case 'interrupted':
        return [format.dateTime(Date.parse(view.lastEventAt))];
      case 'completedWithFailures':
        return [format.count(view.units.failed)];
      case 'completed':
      case 'completedTarget':
        return [format.count(view.records)];
      default:
        return [];
    }
  }
}

/** What makes sense to offer for a model: nothing that another process would have to do. */
export function offeredActions({ snapshot, holder }: DashboardModel): Set<DashboardAction> {
  const { view, live } = snapshot;
  const offered = new Set<DashboardAction>(['openLog', 'openCollection', 'validate']);
  if (view.files.some((file) => file.role === 'master')) {
    offered.add('openMaster').add('openRecords');
  }
  if (holder) return offered;
  const isHeldHere = view.state === 'active' || view.state === 'paused';
  if (view.state === 'active') offered.add('pause');
  offered.add(isHeldHere ? 'stop' : 'showRecoveryPlan');
  const hasLimit = limitInTheWay(view, live.elapsedMs) !== undefined;
  if (hasLimit && view.collectionFile !== '') offered.add('raiseAndResume');
  if (isResumable(view)) offered.add('resume');
  return offered;
}

/** Whether failed units can be tried again from here. */
export function canRetry({ snapshot, holder }: DashboardModel): boolean {
  return holder === null && snapshot.view.units.failed > 0;
}

/** Whether the session can be taken up again from a checkpoint: nobody is working on it. */
export function canGoBack({ snapshot, holder }: DashboardModel): boolean {
  return holder === null && snapshot.view.state !== 'active';
}
