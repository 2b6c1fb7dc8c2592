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

/** The values of {@link limitNames}, as far as they are there. */
export type Limits = { readonly [K in LimitName]?: number | undefined };

const minuteMs = 60_000;

/** The limits that a session has now. */
export function limitsOf({ mutable }: SessionView): Limits {
  const limits = mutable['limits'];
  if (!isJsonObject(limits)) return {};
  const values = limitNames.map((name) => [name, getKey(limits, name)] as const);
  return Object.fromEntries(values.filter(([, value]) => typeof value === 'number'));
}

/**
 * What is used up of each limit, in the order of {@link limitNames}.
 *
 * @param activeMs work time over all starts.
 */
export function limitUses(
  view: SessionView,
  activeMs: number,
  limits: Limits = limitsOf(view),
): LimitUse[] {
  return limitNames.flatMap((name) => {
    const max = limits[name];
    if (max === undefined) return [];
    const reserved = name === 'maxUsd' ? view.reservedMicroUsd / 1e6 : 0;
    return [{ name, max, used: usedOf(name, view, activeMs), reserved }];
  });
}

/** The limit that leaves no room for any work at all; undefined when none does. Money never does: not all work costs. */
export function reachedLimit(uses: readonly LimitUse[]): LimitUse | undefined {
  return uses.find(
    ({ name, used, max }) => (name === 'maxRequests' || name === 'maxMinutes') && used >= max,
  );
}

/**
 * The limit that has to be raised before a session can go on; undefined when none is in its way. Money may be in the
 * way before it is all spent: the next call may cost more than is left.
 */
export function limitInTheWay(view: SessionView, activeMs: number): LimitUse | undefined {
  const uses = limitUses(view, activeMs);
  const named = (name: LimitName): LimitUse | undefined => uses.find((use) => use.name === name);
  if (view.state === 'completed') return view.reason === 'target' ? named('target') : undefined;
  const money = named('maxUsd');
  if (money !== undefined && money.used >= money.max) return money;
  const isPausedByBudget = view.state === 'paused' && view.reason === 'budget';
  return reachedLimit(uses) ?? (isPausedByBudget ? money : undefined);
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
