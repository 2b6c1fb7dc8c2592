import type { RecordsStatus } from '../../src/core/records.ts';
import { shownText } from '../../src/core/shownText.ts';
import { el, setText } from '../shared/dom.ts';
import type { Words } from './viewerWords.ts';

/** What the line's buttons do. */
export interface StatusHost {
  readonly clearFilter: () => void;
  readonly showNew: () => void;
  readonly openSession: () => void;
}

/** Below the toolbar: how many records there are, how far searching is, and what is new. */
export class StatusLine {
  readonly element: HTMLElement;
  readonly #words: Words;
  readonly #text = el('span', 'text');
  readonly #session = el('button', 'link');
  readonly #clear = el('button', 'link');
  readonly #new = el('button', 'link');
  /** Read out where it matters: not every figure that counts up. */
  readonly #said = el('span', 'visually-hidden');

  constructor(words: Words, host: StatusHost) {
    this.#words = words;
    this.#said.setAttribute('role', 'status');
    this.#clear.addEventListener('click', host.clearFilter);
    this.#new.addEventListener('click', host.showNew);
    this.#session.addEventListener('click', host.openSession);
    this.#session.title = words.t('button.openSession');
    this.element = el(
      'div',
      'status',
      this.#text,
      this.#clear,
      this.#new,
      el('span', 'space'),
      this.#session,
      this.#said,
    );
  }

  /** Has a screen reader say something. */
  say(text: string): void {
    setText(this.#said, text);
  }

  /** @param newRecords that have come since their person was at the end. */
  update(status: RecordsStatus, newRecords: number): void {
    const { t, format } = this.#words;
    const { search, session } = status;
    setText(this.#text, this.#summary(status));
    this.#clear.hidden = search === null;
    setText(this.#clear, t(search?.isDone === false ? 'button.cancel' : 'button.clearFilter'));
    this.#new.hidden = newRecords === 0;
    setText(this.#new, t('button.newRecords', format.count(newRecords)));
    this.#session.hidden = session === null;
    if (session) setText(this.#session, t(`session.${session.role}`, shownText(session.name, 100)));
    if (search?.isDone === true) this.say(this.#summary(status));
  }

  #summary(status: RecordsStatus): string {
    const { t, format } = this.#words;
    const { search, records, bytes } = status;
    if (status.condition !== 'ready') return '';
    if (search !== null) {
      const matches = format.count(search.matches);
      if (search.isFull) return t('status.full', matches);
      if (search.isDone) return t('status.matches', matches, format.count(records));
      const share = format.percent(search.doneBytes / Math.max(1, bytes));
      return t('status.searching', matches, share, format.bytes(bytes));
    }
    if (!status.isCounted) {
      const share = format.percent(status.countedBytes / Math.max(1, bytes));
      return t('status.counting', format.count(records), share, format.bytes(bytes));
    }
    const all = records === 1 ? t('status.oneRecord') : t('status.records', format.count(records));
    const rest = status.uncommittedBytes;
    const uncommitted = rest > 0 ? [t('status.uncommitted', format.bytes(rest))] : [];
    return [all, format.bytes(bytes), ...uncommitted].join(' · ');
  }
}
