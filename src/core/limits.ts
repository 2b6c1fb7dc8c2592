import { assertNever } from './assert.ts';
import { getKey, isJsonObject } from './json.ts';
import type { SessionView } from './view.ts';

/** Limits that end or pause a session, by their names in `limits` of the collection file. */
export const limitNames = ['maxUsd', 'maxRequests', 'maxMinutes', 'target'] as const;

/** One of {@link limitNames}. */
export type LimitName = (typeof limitNames)[number];

/** A limit that a session has, and how much of it is used up. Money in dollars, time in minutes, as in the file. */
export interface LimitUse {
  readonly name: LimitName;
  readonly max: number;
  readonly used: number;
  /** Set aside for calls under way; only of `maxUsd`. */
  readonly reserved: number;
}

const minuteMs = 60_000;

/**
 * The limits that a session has, in the order of {@link limitNames}.
 *
 * @param activeMs work time over all starts; left out: that of the starts that have ended.
 */
export function limitUses(view: SessionView, activeMs: number = view.activeMs): LimitUse[] {
  const limits = view.mutable['limits'];
  if (!isJsonObject(limits)) return [];
  return limitNames.flatMap((name) => {
    const max = getKey(limits, name);
    if (typeof max !== 'number') return [];
    const reserved = name === 'maxUsd' ? view.reservedMicroUsd / 1e6 : 0;
    return [{ name, max, used: usedOf(name, view, activeMs), reserved }];
  });
}

/** Whether nothing more can be done within a limit. */
export function isReached({ max, used }: LimitUse): boolean {
  return used >= max;
}

/**
 * The limit that has to be raised before a session can go on; undefined when none is in its way. Money may be in the
 * way before it is all spent: the next call may cost more than is left.
 */
export function limitInTheWay(
  view: SessionView,
  activeMs: number = view.activeMs,
): LimitUse | undefined {
  const uses = limitUses(view, activeMs);
  if (view.state === 'completed') {
    return view.reason === 'target' ? uses.find(({ name }) => name === 'target') : undefined;
  }
  const reached = uses.find((use) => use.name !== 'target' && isReached(use));
  if (reached !== undefined) return reached;
  const isPausedByBudget = view.state === 'paused' && view.reason === 'budget';
  return isPausedByBudget ? uses.find(({ name }) => name === 'maxUsd') : undefined;
}

function usedOf(name: LimitName, view: SessionView, activeMs: number): number {
  switch (name) {
    case 'maxUsd':
      return view.spentMicroUsd / 1e6;
    case 'maxRequests':
      return view.requests;
    case 'maxMinutes':
      return activeMs / minuteMs;
    case 'target':
      return view.records;
    default:
      return assertNever(name, 'limit');
  }
}
