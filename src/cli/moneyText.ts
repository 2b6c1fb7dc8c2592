import { dollars } from '../core/format.ts';
import { isInDoubt, type PaidCall } from '../core/paidCall.ts';
import type { SessionView } from '../core/view.ts';

/** The newest calls, so many of them, that `show` names. */
export const shownCalls = 5;

/** What a session has paid, in a few words: `$1.20, $0.30 set aside`; empty where nothing costs money. */
export function moneyWords({
  spentMicroUsd,
  reservedMicroUsd,
}: Pick<SessionView, 'spentMicroUsd' | 'reservedMicroUsd'>): string {
  if (spentMicroUsd + reservedMicroUsd === 0) return '';
  const aside = reservedMicroUsd === 0 ? '' : `, ${dollars(reservedMicroUsd)} set aside`;
  return `${dollars(spentMicroUsd)}${aside}`;
}

/** What was paid for, in the lines of `show`: the sums, and the newest calls. */
export function callLines(view: SessionView, calls: readonly PaidCall[]): string[] {
  if (calls.length === 0) return [];
  const open = calls.filter(({ spentMicroUsd }) => spentMicroUsd === undefined).length;
  const counts = `${calls.length} ${calls.length === 1 ? 'call' : 'calls'}${open === 0 ? '' : `, ${open} not settled`}`;
  const sums = moneyWords(view) || dollars(0);
  const newest = calls.slice(-shownCalls).reverse();
  return [
    `spent        ${sums} for ${counts}`,
    ...newest.map((call) => `call         ${call.intendedAt} ${call.what}: ${stateOf(call)}`),
  ];
}

/** What became of a call. */
function stateOf(call: PaidCall): string {
  const { spentMicroUsd, reservedMicroUsd, isAnswered, handle } = call;
  const name = handle === undefined ? '' : ` (${handle.kind} ${handle.id})`;
  if (isInDoubt(call)) return `in doubt, ${dollars(reservedMicroUsd)} set aside`;
  const answer = isAnswered ? 'answered' : 'not answered to its end';
  const cost =
    spentMicroUsd === undefined ? `at most ${dollars(reservedMicroUsd)}` : dollars(spentMicroUsd);
  return `${answer}, ${cost}${name}`;
}
