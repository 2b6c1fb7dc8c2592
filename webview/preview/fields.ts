import type { FieldSample, FieldTrace, PreviewReport } from '../../src/core/preview.ts';
import { shownText } from '../../src/core/shownText.ts';
import { el, section } from '../shared/dom.ts';
import type { Asks, Words } from './previewWords.ts';

const maxValue = 300;
const maxRule = 200;

/** What each field matched, those first that matched nothing anywhere. Nothing where there were no items. */
export function fieldsSection(
  { t, format }: Words,
  report: PreviewReport,
  asks: Asks,
): HTMLElement | undefined {
  const { fields, key } = report;
  if (fields.length === 0 || report.items === 0) return undefined;
  const empty = fields.filter(isEmpty).map(({ field }) => shownText(field, 80));
  const warning = el('p', 'nothing-matched', t('nothingAnywhere', empty.join(', ')));
  warning.hidden = empty.length === 0;
  const table = el('table', 'fields');
  const hasMatches = fields.some(({ matches }) => matches !== null);
  const heads = [t('field'), t('rule'), ...(hasMatches ? [t('matches')] : []), t('filled')];
  const headRow = el('tr', '', ...[...heads, t('values')].map((text) => head(text)));
  const rows = fields.map((trace) => {
    const cells = [
      fieldCell(trace),
      el('td', 'rule', el('code', '', ruleOf(trace))),
      ...(hasMatches ? [el('td', 'number', countOf(trace))] : []),
      el('td', 'number', `${format.count(trace.filled)} / ${format.count(trace.items)}`),
      el('td', 'values', ...valuesOf(trace)),
    ];
    const row = el('tr', isEmpty(trace) ? 'empty' : '', ...cells);
    row.dataset['field'] = trace.field;
    return row;
  });
  table.append(el('thead', '', headRow), el('tbody', '', ...rows));
  table.setAttribute('aria-labelledby', 'fields-heading');
  const keyNote = el('p', 'note', t('keyIs', key.map((name) => shownText(name, 80)).join(', ')));
  keyNote.hidden = key.length === 0;
  return section('fields', t('fields'), warning, el('div', 'scroll', table), keyNote);

  function fieldCell({ field }: FieldTrace): HTMLElement {
    const name = shownText(field, 80);
    const button = el('button', 'link', name);
    button.type = 'button';
    button.title = t('showField', name);
    button.addEventListener('click', () => {
      asks.showField(field);
    });
    const cell = el('th', '', button, ...(key.includes(field) ? [' ', badge(t('isKey'))] : []));
    cell.scope = 'row';
    return cell;
  }

  function ruleOf({ rule }: FieldTrace): string {
    return rule === '' ? t('wholeItem') : shownText(rule, maxRule);
  }

  function countOf({ matches }: FieldTrace): string {
    return matches === null ? '' : format.count(matches);
  }

  function valuesOf(trace: FieldTrace): Node[] {
    if (isEmpty(trace)) return [el('span', 'nothing', t('nothing'))];
    return trace.samples.map((sample) => sampleOf(sample));
  }

  function sampleOf({ found, value }: FieldSample): HTMLElement {
    const made = el('code', 'value', shownText(value.text, maxValue));
    return found === null
      ? el('div', 'sample', made)
      : el('div', 'sample', el('span', 'found', shownText(found.text, maxValue)), ' → ', made);
  }
}

function isEmpty({ filled, items }: FieldTrace): boolean {
  return items > 0 && filled === 0;
}

function head(text: string): HTMLElement {
  const cell = el('th', '', text);
  cell.scope = 'col';
  return cell;
}

function badge(text: string): HTMLElement {
  return el('span', 'badge', text);
}
