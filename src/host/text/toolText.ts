import { t } from '@vscode/l10n';
import type { CollectionOutline } from '../../core/collectionOutline.ts';
import type { Formats } from '../../core/format.ts';
import type { SessionView } from '../../core/view.ts';
import { resumeSummary, type Recovery } from './recoveryText.ts';
import { joinParts, recordsPhrase } from './phrases.ts';

/** What a person must know before a language model may start a collection. */
export function startQuestion(
  outline: CollectionOutline,
  formats: Formats,
): { readonly title: string; readonly lines: readonly string[] } {
  return {
    title: t('Start collecting {0}?', outline.name),
    lines: [
      reachLine(outline, formats),
      limitsLine(outline, formats),
      costLine(outline, formats),
      ...ownCodeLines(outline),
    ],
  };
}

/** What a person must know before a language model may resume a session. */
export function resumeQuestion(
  {
    view,
    outline,
    recovery,
  }: {
    readonly view: SessionView;
    readonly outline: CollectionOutline;
    readonly recovery: Recovery;
  },
  formats: Formats,
): { readonly title: string; readonly lines: readonly string[] } {
  return {
    title: t('Resume {0}?', view.name),
    lines: [
      t('{0} so far.', recordsPhrase(view.records, formats)),
      ...resumeSummary(recovery, formats),
      reachLine(outline, formats),
      limitsLine(outline, formats),
      costLine(outline, formats),
      ...ownCodeLines(outline),
    ],
  };
}

function reachLine({ source, places, placeCount }: CollectionOutline, formats: Formats): string {
  const shown = places.join(', ');
  const more = placeCount - places.length;
  const from =
    more > 0 ? t('{0} and {1} more', shown, formats.count(more)) : shown || t('(nothing)');
  return t('It collects from: {0} ({1}).', from, source);
}

function limitsLine({ limits }: CollectionOutline, formats: Formats): string {
  const { target, maxRequests, maxMinutes } = limits;
  const parts = joinParts([
    target === undefined ? '' : recordsPhrase(target, formats),
    maxRequests === undefined ? '' : t('{0} requests', formats.count(maxRequests)),
    maxMinutes === undefined ? '' : t('{0} minutes', formats.count(maxMinutes)),
  ]);
  return parts === ''
    ? t('No limit of records, requests or time is set: it runs until everything is collected.')
    : t('It stops at: {0}.', parts);
}

function costLine({ isPaid, limits }: CollectionOutline, formats: Formats): string {
  if (!isPaid) return t('Its calls have no price.');
  return limits.maxUsd === undefined
    ? t('It costs money, and no budget is set (limits.maxUsd): nothing keeps it from spending on.')
    : t('It costs money: up to {0} in all.', formats.usd(limits.maxUsd * 1e6));
}

function ownCodeLines({ source }: CollectionOutline): readonly string[] {
  return source === 'module' || source === 'extension'
    ? [t('It runs code that the collection names.')]
    : [];
}
