import { assertNever } from '../../src/core/assert.ts';
import type { RecordRow } from '../../src/core/records.ts';
import { shownText } from '../../src/core/shownText.ts';
import type { ViewerState } from '../../src/protocol/viewer.ts';
import { el, setAttribute, setText } from '../shared/dom.ts';
import { cellText, Columns, tracksOf } from './columns.ts';
import type { Words } from './viewerWords.ts';
import { VirtualList } from './virtualList.ts';

const rowPx = 24;
const headPx = 26;
/** Rows that come sooner are not announced: a table that fills once is drawn once. */
const soonMs = 100;
/** How far an arrow key moves the table sideways. */
const sidewaysPx = 80;

/** Where the table gets its rows, and what it tells. */
export interface TableHost {
  readonly rowAt: (index: number) => RecordRow | undefined;
  /** The table would show these rows. */
  readonly want: (first: number, end: number) => void;
  /** A row was chosen; by keyboard the choice may run on for a while. */
  readonly choose: (index: number) => void;
  /** The chosen row is to be looked at more closely. */
  readonly enter: () => void;
  readonly moved: () => void;
}

/** The rows of a file as a table, or as lines of JSON: as many elements as there are on the screen. */
export class RecordTable {
  readonly element: HTMLElement;
  readonly list: VirtualList;
  readonly #words: Words;
  readonly #host: TableHost;
  readonly #columns = new Columns();
  readonly #head: HTMLElement;
  readonly #body: HTMLElement;
  readonly #sizer: HTMLElement;
  readonly #scroller: HTMLElement;
  readonly #rows: HTMLElement[] = [];
  #view: ViewerState['view'] = 'table';
  #selected: number | null = null;
  #isHeadDue = true;
  #digits = 1;
  /** Rows are missing that should be seen, and the table says so. */
  #isLate = false;
  #lateTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(words: Words, host: TableHost) {
    this.#words = words;
    this.#host = host;
    this.#head = el('div', 'row head');
    this.#head.setAttribute('role', 'row');
    this.#head.setAttribute('aria-rowindex', '1');
    this.#body = el('div', 'rows');
    this.#body.setAttribute('role', 'rowgroup');
    this.#sizer = el('div', 'sizer', this.#head, this.#body);
    this.#sizer.setAttribute('role', 'presentation');
    // The grid is what scrolls: the keyboard that has its focus moves it.
    this.#scroller = el('div', 'table', this.#sizer);
    this.element = this.#scroller;
    this.element.setAttribute('role', 'grid');
    this.element.setAttribute('aria-label', words.t('label.records'));
    this.element.setAttribute('aria-readonly', 'true');
    this.element.tabIndex = 0;
    this.element.addEventListener('keydown', (event) => {
      this.#onKey(event);
    });
    this.#body.addEventListener('click', (event) => {
      const row = event.target instanceof Element ? event.target.closest('.row') : null;
      const index = row instanceof HTMLElement ? Number(row.dataset['index']) : Number.NaN;
      if (Number.isInteger(index)) this.select(index);
    });
    this.list = new VirtualList({
      scroller: this.#scroller,
      sizer: this.#sizer,
      rowPx,
      headPx,
      onScroll: () => {
        host.moved();
      },
    });
    new ResizeObserver(() => {
      this.list.resize(this.list.total);
      host.moved();
    }).observe(this.#scroller);
  }

  get selected(): number | null {
    return this.#selected;
  }

  /** Other rows from here on; nothing that was chosen is. */
  reset(): void {
    this.#columns.clear();
    this.#selected = null;
    this.#isHeadDue = true;
  }

  setView(view: ViewerState['view']): void {
    this.#view = view;
    this.#isHeadDue = true;
    setAttribute(this.element, 'data-view', view);
  }

  /** @param records how many lines the file has: their numbers are shown. */
  resize(total: number, records: number): void {
    const digits = this.#words.format.count(records).length;
    if (digits !== this.#digits) this.#isHeadDue = true;
    this.#digits = digits;
    this.list.resize(total);
    setAttribute(this.element, 'aria-rowcount', String(total + 1));
    if (this.#selected !== null && this.#selected >= total) this.#selected = null;
  }

  /** Chooses a row and brings it on the screen. */
  select(index: number): void {
    if (this.list.total === 0) return;
    this.#selected = Math.min(Math.max(0, index), this.list.total - 1);
    this.list.reveal(this.#selected);
    // At once, and not with the next frame: a record that is far away is waited for.
    const { first, end } = this.list.rows();
    this.#host.want(first, end);
    this.#host.choose(this.#selected);
    this.#host.moved();
  }

  /** Puts a row that was chosen before back, without moving. */
  restore(selected: number | null): void {
    this.#selected = selected;
  }

  draw(): void {
    const { first, end } = this.list.rows();
    this.#host.want(first, end);
    for (let index = first; index < end; index += 1) {
      const row = this.#host.rowAt(index);
      if (row && this.#columns.meet(row)) this.#isHeadDue = true;
    }
    if (this.#isHeadDue) this.#drawHead();
    this.#lookForMissing(first, end);
    // Once, and before anything is written: a place that is read among writes is laid out anew for each.
    const topPx = this.list.offsetPx(first) - headPx;
    while (this.#rows.length < end - first) this.#rows.push(this.#body.appendChild(this.#newRow()));
    for (const [i, element] of this.#rows.entries()) {
      const index = first + i;
      element.hidden = index >= end || !(this.#isLate || this.#host.rowAt(index));
      if (!element.hidden) this.#drawRow(element, index, topPx + i * rowPx);
    }
    const active = this.#rows.find((row) => row.ariaSelected === 'true' && !row.hidden);
    if (active) setAttribute(this.element, 'aria-activedescendant', active.id);
    else this.element.removeAttribute('aria-activedescendant');
  }

  #lookForMissing(first: number, end: number): void {
    let index = first;
    while (index < end && this.#host.rowAt(index)) index += 1;
    if (index < end) {
      this.#lateTimer ??= setTimeout(() => {
        this.#isLate = true;
        this.#host.moved();
      }, soonMs);
      return;
    }
    clearTimeout(this.#lateTimer);
    this.#lateTimer = undefined;
    this.#isLate = false;
  }

  #drawHead(): void {
    this.#isHeadDue = false;
    const { t } = this.#words;
    const isTable = this.#view === 'table';
    const columns = isTable ? this.#columns.list : [];
    this.#sizer.style.setProperty(
      '--tracks',
      isTable ? `${tracksOf(columns, this.#digits)} 1fr` : `${tracksOf([], this.#digits)} 1fr`,
    );
    const names = isTable ? columns.map(({ field }) => shownText(field)) : [t('column.json')];
    const cells = [t('column.record'), ...names].map((name, i) => {
      const cell = el('div', 'cell', name);
      cell.setAttribute('role', 'columnheader');
      if (i === 0 || columns[i - 1]?.isNumeric === true) cell.classList.add('end');
      cell.title = name;
      return cell;
    });
    const more = el('div', 'cell', isTable && this.#columns.hasMore ? '…' : '');
    more.setAttribute('role', 'columnheader');
    more.title = this.#columns.hasMore ? t('row.moreFields') : '';
    if (isTable && this.#columns.hasMore) cells.push(more);
    this.#head.replaceChildren(...cells);
    setAttribute(this.element, 'aria-colcount', String(cells.length));
  }

  #newRow(): HTMLElement {
    const row = el('div', 'row');
    row.setAttribute('role', 'row');
    row.id = `row-${this.#rows.length}`;
    return row;
  }

  #drawRow(element: HTMLElement, index: number, topPx: number): void {
    const row = this.#host.rowAt(index);
    element.style.transform = `translateY(${topPx}px)`;
    const isSelected = index === this.#selected;
    setAttribute(element, 'aria-selected', String(isSelected));
    setAttribute(element, 'aria-rowindex', String(index + 2));
    element.dataset['index'] = String(index);
    setAttribute(element, 'data-kind', row?.kind ?? 'loading');
    element.classList.toggle('odd', index % 2 === 1);
    const number = row ? this.#words.format.count(row.record + 1) : '';
    const isCells = row?.kind === 'object' && this.#view === 'table';
    const texts = isCells ? this.#cellTexts(row) : [this.#wholeText(row)];
    while (element.children.length > texts.length + 1) element.lastElementChild?.remove();
    while (element.children.length < texts.length + 1) {
      const cell = el('div', 'cell');
      cell.setAttribute('role', 'gridcell');
      element.append(cell);
    }
    for (const [i, text] of [number, ...texts].entries()) {
      const cell = element.children[i];
      if (!(cell instanceof HTMLElement)) continue;
      setText(cell, text);
      const isEnd = i === 0 || (isCells && this.#columns.list[i - 1]?.isNumeric === true);
      const kind = i === 0 ? ' number' : isCells ? '' : ' whole';
      setAttribute(cell, 'class', `cell${kind}${isEnd ? ' end' : ''}`);
    }
  }

  #cellTexts(row: RecordRow): string[] {
    const texts = new Map(row.cells.map((cell) => [cell.field, cellText(cell)]));
    return this.#columns.list.map(({ field }) => texts.get(field) ?? '');
  }

  #wholeText(row: RecordRow | undefined): string {
    const { t, format } = this.#words;
    if (!row) return t('row.loading');
    const text = shownText(row.text);
    switch (row.kind) {
      case 'object':
      case 'value':
        return text;
      case 'bad':
        return `${t('row.bad')} · ${text}`;
      case 'blank':
        return t('row.blank');
      case 'long':
        return `${t('row.long', format.bytes(row.bytes))} · ${text}`;
      default:
        return assertNever(row.kind, 'row');
    }
  }

  #onKey(event: KeyboardEvent): void {
    if (event.altKey || event.metaKey || event.shiftKey) return;
    const now = this.#selected ?? Math.floor(this.list.top) - 1;
    const { page, total } = this.list;
    switch (event.key) {
      case 'ArrowDown':
        this.select(now + 1);
        break;
      case 'ArrowUp':
        this.select(this.#selected === null ? 0 : now - 1);
        break;
      case 'PageDown':
        this.select(now + page);
        break;
      case 'PageUp':
        this.select(now - page);
        break;
      case 'Home':
        this.select(0);
        break;
      case 'End':
        this.select(total - 1);
        break;
      case 'ArrowLeft':
      case 'ArrowRight':
        this.#scroller.scrollLeft += event.key === 'ArrowLeft' ? -sidewaysPx : sidewaysPx;
        break;
      case 'Enter':
        if (this.#selected === null) this.select(now + 1);
        this.#host.enter();
        break;
      default:
        return;
    }
    event.preventDefault();
  }
}
