import type { HostHealth } from '../../src/core/events.ts';
import type { InFlightView } from '../../src/core/live.ts';
import type { ErrorView } from '../../src/core/view.ts';
import type { DashboardModel } from '../../src/protocol/dashboard.ts';
import { isRunningHere } from './advice.ts';
import { el, section, setText } from '../shared/dom.ts';
import { Table } from '../shared/table.ts';
import type { Words } from './dashboardWords.ts';

/** A part of the page: its element, and how it shows a model. */
export interface Part {
  readonly element: HTMLElement;
  update(model: DashboardModel): void;
}

/** More rows than this are only counted: nobody reads them, and they cost time five times a second. */
const maxRows = 32;

/** The units that are being worked on. */
export function createInFlight(words: Words): Part {
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
  const element = section('in-flight', t('section.inFlight'), table.element, note);
  return {
    element,
    update(model) {
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

/** The newest errors. */
export function createErrors(words: Words): Part {
  const { t, format } = words;
  const table = new Table<ErrorView>(t('section.errors'), [
    {
      heading: t('column.time'),
      width: '8em',
      text: (error) => format.clock(Date.parse(error.at)),
    },
    { heading: t('column.unit'), width: '3fr', text: (error) => error.key, oneLine: true },
    {
      heading: t('column.error'),
      width: '4fr',
      text: (error) => `${error.message} (${error.code})`,
    },
    {
      heading: t('column.outcome'),
      width: '9em',
      text: (error) => t(error.retried ? 'outcome.retried' : 'outcome.final'),
    },
  ]);
  const note = el('p', 'note', t('empty.errors'));
  return {
    element: section('errors', t('section.errors'), table.element, note),
    update({ snapshot }) {
      table.update(snapshot.view.errors);
      note.hidden = snapshot.view.errors.length > 0;
    },
  };
}

/** How the hosts have been answering. */
export function createHosts(words: Words): Part {
  const { t, format } = words;
  const table = new Table<HostHealth>(t('section.hosts'), [
    { heading: t('column.host'), width: '4fr', text: (host) => host.host, oneLine: true },
    { heading: t('column.status'), width: '2fr', text: (host) => t(`health.${host.status}`) },
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
      text: (host) => `${format.count(Math.round(host.avgResponseMs))} ms`,
    },
    {
      heading: t('column.circuit'),
      width: '3fr',
      text: (host) =>
        t(
          `circuit.${host.circuit}`,
          host.notBefore === undefined ? '' : format.clock(Date.parse(host.notBefore)),
        ).trim(),
    },
    {
      heading: t('column.lastError'),
      width: '4fr',
      text: (host) => host.lastError?.message ?? '',
      oneLine: true,
    },
  ]);
  const note = el('p', 'note', t('empty.hosts'));
  const element = section('hosts', t('section.hosts'), table.element, note);
  return {
    element,
    update(model) {
      const { hosts } = model.snapshot.live;
      element.hidden = hosts.length === 0 && !isRunningHere(model);
      table.update(hosts);
      note.hidden = hosts.length > 0;
    },
  };
}
