import { assertNever } from '../../src/core/assert.ts';
import type { HostHealth } from '../../src/core/events.ts';
import type { InFlightView } from '../../src/core/live.ts';
import { isRunningHere } from './advice.ts';
import { el, foldableSection, setText, type Fold } from '../shared/dom.ts';
import { Table } from '../shared/table.ts';
import type { Words } from './dashboardWords.ts';
import type { Part } from './part.ts';

/** More rows than this are only counted: nobody reads them, and they cost time five times a second. */
const maxRows = 32;

/** The units that are being worked on. */
export function createInFlight(words: Words, fold: Fold): Part {
  const { t, format } = words;
  const table = new Table<InFlightView>(t('section.inFlight'), [
    { heading: t('column.unit'), width: '4fr', text: (unit) => unit.key, oneLine: true },
    { heading: t('column.host'), width: '2fr', text: (unit) => unit.lane, oneLine: true },
    {
      heading: t('column.attempt'),
      width: '5em',
      align: 'end',
      text: (unit) => format.count(unit.attempt),
    },
    {
      heading: t('column.age'),
      width: '7em',
      align: 'end',
      text: (unit) => format.duration(unit.ageMs),
    },
  ]);
  const note = el('p', 'note');
  const element = foldableSection(
    'in-flight',
    t('section.inFlight'),
    fold,
    el('div', 'wide-table', table.element),
    note,
  );
  return {
    element,
    update({ model }) {
      const { inFlight } = model.snapshot.live;
      table.update(inFlight.slice(0, maxRows));
      element.hidden = inFlight.length === 0 && !isRunningHere(model);
      const empty = t('empty.inFlight');
      const more = inFlight.length - maxRows;
      setText(
        note,
        inFlight.length === 0 ? empty : more > 0 ? t('moreRows', format.count(more)) : '',
      );
    },
  };
}

/** How the hosts have been answering, and when they are asked again. */
export function createHosts(words: Words, fold: Fold): Part {
  const { t, format } = words;
  let nowMs = 0;
  const sending = ({ circuit, notBefore }: HostHealth): string => {
    const leftMs = notBefore === undefined ? 0 : Date.parse(notBefore) - nowMs;
    // Rounded up: what is not over yet is not told as over.
    if (leftMs > 0) return t('sending.waiting', format.duration(leftMs + 999));
    switch (circuit) {
      case 'closed':
        return t('sending.yes');
      case 'half-open':
        return t('sending.tryingOne');
      case 'open':
        return t('sending.due');
      default:
        return assertNever(circuit, 'circuit');
    }
  };
  const table = new Table<HostHealth>(t('section.hosts'), [
    { heading: t('column.host'), width: '4fr', text: (host) => host.host, oneLine: true },
    { heading: t('column.status'), width: '2fr', text: (host) => t(`health.${host.status}`) },
    { heading: t('column.sending'), width: '4fr', text: sending },
    {
      heading: t('column.requests'),
      width: '8em',
      align: 'end',
      text: (host) => format.count(host.requests),
    },
    {
      heading: t('column.failures'),
      width: '8em',
      align: 'end',
      text: (host) => format.count(host.failures),
    },
    {
      heading: t('column.response'),
      width: '8em',
      align: 'end',
      text: (host) => format.latency(host.avgResponseMs),
    },
    {
      heading: t('column.lastError'),
      width: '4fr',
      text: (host) => host.lastError?.message ?? '',
      oneLine: true,
    },
  ]);
  const note = el('p', 'note');
  const element = foldableSection(
    'hosts',
    t('section.hosts'),
    fold,
    el('div', 'wide-table', table.element),
    note,
  );
  return {
    element,
    update({ model, nowMs: now }) {
      nowMs = now;
      const { hosts } = model.snapshot.live;
      element.hidden = hosts.length === 0 && !isRunningHere(model);
      table.update(hosts.slice(0, maxRows));
      const more = hosts.length - maxRows;
      setText(
        note,
        hosts.length === 0 ? t('empty.hosts') : more > 0 ? t('moreRows', format.count(more)) : '',
      );
    },
  };
}
