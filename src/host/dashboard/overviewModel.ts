import path from 'node:path';
import { limitsOf } from '../../core/limits.ts';
import type { OverviewRow, SessionAction } from '../../protocol/overview.ts';
import type { TrackedSession } from '../engine/sessionTracker.ts';
import { engineText } from '../text/engineText.ts';

/**
 * A session as a row of the page of all sessions.
 *
 * @param isOneFolder whether its folder needs no name.
 */
export function overviewRow(session: TrackedSession, isOneFolder: boolean): OverviewRow {
  const { ref, snapshot, holder } = session;
  const { view, live } = snapshot;
  const { done, failed, skipped, blocked } = view.units;
  const isRunningHere = view.state === 'active' && session.isOurs;
  const { maxUsd } = limitsOf(view);
  return {
    ref,
    name: view.name,
    collectionFile: view.collectionFile,
    folder: isOneFolder ? '' : path.basename(ref.workspace),
    state: holder === null ? view.state : 'held',
    reasonMessage: view.reasonMessage === null ? null : engineText(view.reasonMessage),
    records: view.records,
    failed,
    finished: done + failed + skipped + blocked,
    total: view.unitTotal,
    recordsPerSecond: isRunningHere ? live.recordsPerSecond : null,
    etaMs: isRunningHere ? live.etaMs : null,
    spentMicroUsd: view.spentMicroUsd,
    reservedMicroUsd: view.reservedMicroUsd,
    maxMicroUsd: maxUsd === undefined ? null : maxUsd * 1e6,
    createdAt: Date.parse(view.createdAt),
    lastEventAt: Date.parse(view.lastEventAt),
    actions: actionsFor(session),
  };
}

function actionsFor({ isOurs, resumable, snapshot }: TrackedSession): readonly SessionAction[] {
  const actions: SessionAction[] = ['open'];
  if (resumable) actions.push('resume');
  if (isOurs && snapshot.view.state === 'active') actions.push('pause');
  if (isOurs) actions.push('stop');
  return actions;
}

/** The rows in the page's order: what is being carried out first, then by the last sign of life, newest first. */
export function inOrder(rows: readonly OverviewRow[]): OverviewRow[] {
  return rows.toSorted((a, b) => rankOf(a) - rankOf(b) || b.lastEventAt - a.lastEventAt);
}

function rankOf({ state }: OverviewRow): number {
  switch (state) {
    case 'active':
      return 0;
    case 'held':
      return 1;
    case 'paused':
      return 2;
    case 'faulted':
    case 'interrupted':
    case 'stopped':
    case 'completed':
      return 3;
  }
}
