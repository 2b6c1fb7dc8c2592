import { limitNames, limitUses, type LimitName, type LimitUse } from '../../src/core/limits.ts';
import { assertNever } from '../../src/core/assert.ts';
import type { SessionSnapshot } from '../../src/core/live.ts';
import { el, section, setAttribute, setText } from '../shared/dom.ts';
import type { Part } from './part.ts';
import type { Words } from './dashboardWords.ts';

const minuteMs = 60_000;

/** How much of the session's limits is used up: a bar for each. Money is shown where there is no limit, too. */
export function createLimits(words: Words): Part {
  const { t } = words;
  const rows = limitNames.map((name) => ({ name, ...createRow(t(`limit.${name}`), name) }));
  const list = el('ul', 'limit-list', ...rows.map(({ item }) => item));
  const element = section('limits', t('section.limits'), list);
  return {
    element,
    update({ model: { snapshot } }) {
      const uses = usesOf(snapshot);
      const doubtMicroUsd = snapshot.live.inDoubtMicroUsd;
      element.hidden = uses.length === 0;
      for (const { name, item, text, bar, used, reserved, inDoubt } of rows) {
        const use = uses.find((other) => other.name === name);
        item.hidden = use === undefined;
        if (use === undefined) continue;
        const doubt = name === 'maxUsd' ? Math.min(doubtMicroUsd / 1e6, use.reserved) : 0;
        const said = wordsFor(use, doubt, words);
        setText(text, said);
        bar.hidden = use.max === Infinity;
        if (bar.hidden) continue;
        const share = Math.min(1, use.used / use.max);
        used.style.width = `${share * 100}%`;
        reserved.style.width = `${Math.min(1 - share, (use.reserved - doubt) / use.max) * 100}%`;
        inDoubt.style.width = `${Math.min(1 - share, doubt / use.max) * 100}%`;
        setAttribute(bar, 'aria-valuenow', String(Math.round(share * 100)));
        setAttribute(bar, 'aria-valuetext', said);
        item.classList.toggle('reached', share === 1 && name !== 'target');
      }
    },
  };
}

function createRow(
  label: string,
  name: LimitName,
): Record<'item' | 'text' | 'bar' | 'used' | 'reserved' | 'inDoubt', HTMLElement> {
  const text = el('span', 'limit-text');
  text.dataset['limit'] = name;
  const used = el('div', 'segment used');
  const reserved = el('div', 'segment reserved');
  const inDoubt = el('div', 'segment in-doubt');
  const bar = el('div', 'bar', used, reserved, inDoubt);
  setAttribute(bar, 'role', 'progressbar');
  setAttribute(bar, 'aria-label', label);
  setAttribute(bar, 'aria-valuemin', '0');
  setAttribute(bar, 'aria-valuemax', '100');
  const item = el('li', 'limit', el('span', 'limit-name', label), text, bar);
  return { item, text, bar, used, reserved, inDoubt };
}

function usesOf({ view, live }: SessionSnapshot): LimitUse[] {
  const uses = limitUses(view, live.elapsedMs);
  const paid = view.spentMicroUsd + view.reservedMicroUsd;
  if (paid === 0 || uses.some(({ name }) => name === 'maxUsd')) return uses;
  const { spentMicroUsd, reservedMicroUsd } = view;
  const reserved = reservedMicroUsd / 1e6;
  return [{ name: 'maxUsd', max: Infinity, used: spentMicroUsd / 1e6, reserved }, ...uses];
}

function wordsFor(
  { name, max, used, reserved }: LimitUse,
  inDoubt: number,
  { t, format }: Words,
): string {
  const amount = (value: number): string => {
    switch (name) {
      case 'maxUsd':
        return format.usd(value * 1e6);
      case 'maxMinutes':
        return format.duration(value * minuteMs);
      case 'maxRequests':
      case 'target':
        return format.count(value);
      default:
        return assertNever(name, 'limit');
    }
  };
  const parts = [
    max === Infinity
      ? t('limit.spent', amount(used))
      : t(name === 'maxUsd' ? 'limit.spentOf' : 'limit.used', amount(used), amount(max)),
  ];
  if (reserved > 0) parts.push(t('limit.reserved', amount(reserved)));
  if (inDoubt > 0) parts.push(t('limit.inDoubt', amount(inDoubt)));
  return parts.join(' · ');
}
