import { parseRecordFilter } from '../../src/core/recordFilterText.ts';
import type { RecordsStatus } from '../../src/core/records.ts';
import { shownText } from '../../src/core/shownText.ts';
import type {
  ViewerEvents,
  ViewerHydration,
  ViewerRequests,
  ViewerState,
} from '../../src/protocol/viewer.ts';
import { el, setAttribute, setText } from '../shared/dom.ts';
import { oncePerFrame, type PageLink } from '../shared/page.ts';
import { blockAt, Blocks } from './blocks.ts';
import { Details } from './details.ts';
import { RecordTable } from './recordTable.ts';
import { StatusLine } from './statusLine.ts';
import { Toolbar } from './toolbar.ts';
import type { Words } from './viewerWords.ts';

type Link = PageLink<ViewerRequests, ViewerEvents>;

const keepMs = 300;

/** Where a person begins. */
export const firstState: ViewerState = {
  version: 1,
  view: 'table',
  hasDetails: true,
  filterText: '',
  top: 0,
  selected: null,
};

/** The page: a toolbar, a line about the file, the records, and the details of one. */
export class Viewer {
  readonly element: HTMLElement;
  readonly #link: Link;
  readonly #words: Words;
  readonly #blocks: Blocks;
  readonly #table: RecordTable;
  readonly #details: Details;
  readonly #toolbar: Toolbar;
  readonly #statusLine: StatusLine;
  readonly #notice = el('p', 'advice notice');
  readonly #failure = el('p', 'request-failed');
  readonly #empty = el('p', 'empty note');
  readonly #draw: () => void;
  #status: RecordsStatus;
  #view: ViewerState['view'];
  #hasDetails: boolean;
  /** Rows that their person has seen the end of. */
  #seen: number;
  /** A record that is to be shown when it is counted, and the filter gone. */
  #goal: number | undefined;
  /** Where to go when the matches of the filter that was kept are there. */
  #place: Pick<ViewerState, 'top' | 'selected'> | undefined;
  #wasReplaced = false;
  #keepTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    link: Link,
    words: Words,
    { status, name, rows }: ViewerHydration,
    state: ViewerState,
  ) {
    this.#link = link;
    this.#words = words;
    this.#status = status;
    this.#view = state.view;
    this.#hasDetails = state.hasDetails;
    this.#seen = status.records;
    this.#draw = oncePerFrame(() => {
      this.#drawNow();
    });
    const { rpc } = link;
    this.#blocks = new Blocks(
      (first, count) => rpc.request('readBlock', { first, count, isFiltered: this.#isFiltered }),
      (failure) => {
        if (failure !== undefined) this.#fail(failure);
        this.#draw();
      },
    );
    if (state.filterText === '') this.#blocks.take(blockAt(Math.floor(state.top)).first, rows);
    this.#table = new RecordTable(words, {
      rowAt: (index) => this.#blocks.get(index),
      want: (first, end) => {
        this.#blocks.want(first, end, this.#total);
      },
      choose: () => {
        this.#keep();
      },
      enter: () => {
        if (!this.#hasDetails) this.#toggleDetails();
        this.#details.focus();
      },
      moved: () => {
        this.#draw();
        this.#keep();
      },
    });
    this.#details = new Details(words, {
      readRecord: (record) => rpc.request('readRecord', { record }),
      findOrigin: (record) => rpc.request('findOrigin', { record }, 0),
      copy: (record) =>
        this.#tryTo(async () => {
          await rpc.request('copyRecord', { record }, 0);
          this.#statusLine.say(words.t('copied', words.format.count(record + 1)));
        }),
      reveal: (record) => this.#tryTo(() => rpc.request('revealRecord', { record }, 0)),
    });
    this.#toolbar = new Toolbar(words, {
      filter: (text) => void this.#filter(text),
      goTo: (record) => {
        this.#goTo(record);
      },
      setView: (view) => {
        this.#setView(view);
      },
      toggleDetails: () => {
        this.#toggleDetails();
      },
    });
    this.#statusLine = new StatusLine(words, {
      clearFilter: () => {
        this.#toolbar.setFilter('');
        this.#table.element.focus();
      },
      showNew: () => {
        this.#table.select(this.#total - 1);
      },
      openSession: () => void this.#tryTo(() => rpc.request('openSession', null, 0)),
    });
    this.#notice.setAttribute('role', 'status');
    this.#notice.dataset['tone'] = 'warning';
    this.#failure.setAttribute('role', 'alert');
    this.element = el(
      'main',
      'viewer',
      this.#toolbar.element,
      this.#statusLine.element,
      this.#notice,
      this.#failure,
      el(
        'div',
        'panes',
        el('div', 'list', this.#table.element, this.#empty),
        this.#details.element,
      ),
    );
    this.element.setAttribute('aria-label', shownText(name));
    this.element.addEventListener('keydown', (event) => {
      this.#onKey(event);
    });
    this.#place = { top: state.top, selected: state.selected };
    this.#setView(state.view);
    this.#toolbar.showFilter(state.filterText);
    if (state.filterText !== '') void this.#filter(state.filterText);
    else this.#refresh();
  }

  /** The file, or what is known of it, has changed. */
  update(status: RecordsStatus): void {
    const before = this.#status;
    this.#status = status;
    if (status.generation !== before.generation) {
      this.#wasReplaced = before.condition === 'ready' || this.#wasReplaced;
      this.#seen = status.records;
      this.#reset();
      // Another file's matches are not this one's.
      if (this.#toolbar.filterText !== '') void this.#filter(this.#toolbar.filterText);
    } else if (status.bytes !== before.bytes && !this.#isFiltered && before.records > 0) {
      this.#blocks.forget(before.records - 1);
    }
    if (before.condition === 'missing' && status.condition === 'ready') this.#wasReplaced = false;
    this.#refresh();
  }

  get #isFiltered(): boolean {
    return this.#status.search !== null;
  }

  get #total(): number {
    return this.#status.search?.matches ?? this.#status.records;
  }

  #reset(): void {
    this.#blocks.clear();
    this.#table.reset();
    this.#details.clear();
    this.#table.list.scrollTo(0);
  }

  #refresh(): void {
    const wasAtEnd = this.#table.list.isAtEnd && this.#table.list.top > 0;
    const grown = this.#total > this.#table.list.total;
    this.#table.resize(this.#total, this.#status.records);
    if (this.#place && this.#total > this.#place.top) {
      this.#table.list.scrollTo(this.#place.top);
      this.#table.restore(this.#place.selected);
      this.#place = undefined;
    } else if (grown && wasAtEnd && !this.#isFiltered && this.#status.isCounted) {
      // Whoever looks at the end goes on looking at it.
      this.#table.list.scrollTo(this.#total);
    }
    if (this.#goal !== undefined && !this.#isFiltered) this.#goTo(this.#goal);
    this.#draw();
  }

  #drawNow(): void {
    const { t, format } = this.#words;
    const status = this.#status;
    const isShown = this.#total > 0 && status.condition === 'ready';
    this.#table.element.hidden = !isShown;
    if (this.#table.list.isAtEnd || !status.isCounted) this.#seen = status.records;
    if (isShown) this.#table.draw();
    this.#statusLine.update(status, Math.max(0, status.records - this.#seen));
    this.#empty.hidden = isShown || status.condition !== 'ready' || !this.#isSettled();
    const isOfSession = status.session !== null;
    setText(
      this.#empty,
      t(this.#isFiltered ? 'empty.filter' : isOfSession ? 'empty.session' : 'empty.file'),
    );
    const notice = this.#noticeText();
    this.#notice.hidden = notice === '';
    setText(this.#notice, notice);
    const chosen = this.#table.selected;
    const row = chosen === null ? undefined : this.#blocks.get(chosen);
    if (row && this.#hasDetails) this.#details.show(row, status);
    else if (chosen === null) this.#details.clear();
    setAttribute(this.element, 'data-records', format.count(this.#total));
  }

  /** Whether nothing more is to come before something changes. */
  #isSettled(): boolean {
    const { search, isCounted } = this.#status;
    return search ? search.isDone : isCounted;
  }

  #noticeText(): string {
    const { t, format } = this.#words;
    const { condition, problem, session, lackingBytes } = this.#status;
    const name = shownText(session?.name ?? '', 100);
    if (condition === 'missing')
      return session ? t('notice.missingMaster', name) : t('notice.missing');
    if (condition === 'unreadable') return t('notice.unreadable', shownText(problem ?? '', 300));
    if (lackingBytes > 0) return t('notice.lacking', format.bytes(lackingBytes), name);
    return this.#wasReplaced ? t('notice.replaced') : '';
  }

  async #filter(text: string): Promise<void> {
    const filter = parseRecordFilter(text) ?? null;
    if (this.#place === undefined) this.#reset();
    this.#keep();
    await this.#tryTo(async () => {
      const status = await this.#link.rpc.request('filter', { filter });
      if (text !== this.#toolbar.filterText) return;
      this.#blocks.clear();
      this.#status = status;
      this.#refresh();
    });
  }

  #goTo(record: number): void {
    const { t, format } = this.#words;
    this.#goal = undefined;
    if (this.#isFiltered) {
      this.#goal = record;
      this.#toolbar.setFilter('');
      return;
    }
    if (record < this.#total) {
      this.#table.list.scrollTo(record - Math.floor(this.#table.list.page / 2));
      this.#table.select(record);
      this.#table.element.focus();
      setText(this.#failure, '');
    } else if (this.#status.isCounted) {
      setText(this.#failure, t('goTo.none', format.count(this.#total)));
    } else {
      this.#goal = record;
      setText(this.#failure, t('goTo.later', format.count(record + 1)));
    }
  }

  #setView(view: ViewerState['view']): void {
    this.#view = view;
    setAttribute(this.element, 'data-view', view);
    this.#table.setView(view);
    this.#showLayout();
  }

  #toggleDetails(): void {
    this.#hasDetails = !this.#hasDetails;
    this.#showLayout();
  }

  #showLayout(): void {
    this.#details.element.hidden = !this.#hasDetails;
    this.#toolbar.show({ view: this.#view, hasDetails: this.#hasDetails });
    this.#draw();
    this.#keep();
  }

  #onKey(event: KeyboardEvent): void {
    const isTyping = event.target instanceof HTMLInputElement;
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && event.key === 'f') this.#toolbar.focusFilter();
    else if (isCommand && event.key === 'g') this.#toolbar.focusGoTo();
    else if (event.key === 'Escape') this.#table.element.focus();
    else if (isTyping || isCommand || event.altKey) return;
    else if (event.key === '/') this.#toolbar.focusFilter();
    else if (event.key === 'g') this.#toolbar.focusGoTo();
    else return;
    event.preventDefault();
  }

  async #tryTo(action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
      setText(this.#failure, '');
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    setText(this.#failure, this.#words.t('requestFailed', shownText(message, 300)));
  }

  /** Keeps where its person is, for when the page is shown again. */
  #keep(): void {
    this.#keepTimer ??= setTimeout(() => {
      this.#keepTimer = undefined;
      const state: ViewerState = {
        version: 1,
        view: this.#view,
        hasDetails: this.#hasDetails,
        filterText: this.#toolbar.filterText,
        top: this.#place?.top ?? this.#table.list.top,
        selected: this.#place?.selected ?? this.#table.selected,
      };
      this.#link.keepState(state);
    }, keepMs);
  }
}
