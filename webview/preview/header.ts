import { shownText } from '../../src/core/shownText.ts';
import type { PreviewModel } from '../../src/protocol/preview.ts';
import { el, setText } from '../shared/dom.ts';
import { createButton } from '../shared/toolkit.ts';
import type { Asks, Words } from './previewWords.ts';

/** The part of the page that stays: what is previewed, and how it went. */
export interface Header {
  readonly element: HTMLElement;
  update(model: PreviewModel): void;
}

/** Makes the heading, the choice of a page, its buttons and the line that says how it went. */
export function createHeader({ t, format }: Words, asks: Asks): Header {
  const title = el('h1');
  const input = el('input');
  input.type = 'text';
  input.id = 'unit';
  input.spellcheck = false;
  input.setAttribute('list', 'units');
  input.placeholder = t('addressHint');
  const label = el('label', '', t('address'));
  label.htmlFor = input.id;
  const offered = el('datalist');
  offered.id = 'units';
  const run = createButton();
  run.dataset['action'] = 'run';
  run.append(t('run'));
  const stop = createButton(t('stop'));
  stop.appearance = 'secondary';
  stop.dataset['action'] = 'stop';
  const form = el('form', 'unit-row', input, offered, run, stop);
  const ask = (): void => {
    asks.run(input.value.trim() === '' ? null : input.value.trim());
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    ask();
  });
  run.addEventListener('click', ask);
  stop.addEventListener('click', asks.stop);
  const status = el('p', 'status');
  status.setAttribute('role', 'status');
  const promise = el('p', 'note', t('nothingWritten'));
  let shownUnit: string | null | undefined;

  return {
    element: el('header', '', title, label, form, status, promise),
    update(model) {
      setText(title, t('heading', shownText(model.file, 200)));
      // What a person is typing is not taken from them.
      if (model.unit !== shownUnit) input.value = model.unit ?? '';
      shownUnit = model.unit;
      const keys = model.outcome?.kind === 'report' ? model.outcome.report.offered : [];
      offered.replaceChildren(
        ...keys.map((key) => {
          const option = el('option');
          option.value = key;
          return option;
        }),
      );
      setText(run, model.outcome === null ? t('run') : t('runAgain'));
      run.disabled = model.isRunning;
      stop.hidden = !model.isRunning;
      setText(status, statusOf(model));
    },
  };

  function durationOf(ms: number): string {
    return ms < 1000
      ? t('milliseconds', format.count(Math.round(ms)))
      : t('seconds', format.rate(ms / 1000));
  }

  function statusOf({ isRunning, outcome, trouble, isStale }: PreviewModel): string {
    if (isRunning) return t('running');
    if (outcome === null) return trouble === null ? t('idle') : '';
    if (outcome.kind === 'price') return '';
    const { report } = outcome;
    const { status, url, requests, planMs, fetchMs, mapMs, fromSession } = report;
    const address = url ?? report.steps.at(-1)?.unit ?? '';
    const parts = [
      ...(fromSession === null ? [] : [t('fromSession', fromSession)]),
      ...(status === null ? [] : [t('status', String(status))]),
      ...(address === '' ? [] : [shownText(address, 500)]),
      requests === 1 ? t('oneRequest') : t('requests', format.count(requests)),
      durationOf(planMs + fetchMs + mapMs),
    ];
    return [parts.join(' · '), ...(isStale ? [t('stale')] : [])].join('\n');
  }
}
