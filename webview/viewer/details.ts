import { parseJson } from '../../src/core/json.ts';
import type { RecordOrigin, RecordRow, RecordsStatus, RecordText } from '../../src/core/records.ts';
import { shownText } from '../../src/core/shownText.ts';
import { el, setText } from '../shared/dom.ts';
import { createActionButton } from '../shared/toolkit.ts';
import { jsonTree } from './jsonTree.ts';
import { shownLines } from './shownLines.ts';
import type { Words } from './viewerWords.ts';

/** Longer records are shown as text: a tree of them would take long to make. */
const treeBytes = 1024 * 1024;
/** Whoever runs through the records asks for those only that they stop at. */
const restMs = 60;

/** What the details ask for. */
export interface DetailsHost {
  readonly readRecord: (record: number) => Promise<RecordText>;
  readonly findOrigin: (record: number) => Promise<RecordOrigin | null>;
  readonly copy: (record: number) => Promise<void>;
  readonly reveal: (record: number) => Promise<void>;
}

interface ShownRecord {
  readonly record: number;
  readonly generation: string;
}

/** All of one record: where it comes from, and what is in it. */
export class Details {
  readonly element: HTMLElement;
  readonly #words: Words;
  readonly #host: DetailsHost;
  readonly #title: HTMLElement;
  readonly #size: HTMLElement;
  readonly #buttons: HTMLElement;
  readonly #origin: HTMLElement;
  readonly #content: HTMLElement;
  #wanted: ShownRecord | undefined;
  #shown: ShownRecord | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(words: Words, host: DetailsHost) {
    const { t } = words;
    this.#words = words;
    this.#host = host;
    this.#title = el('h2', '', t('empty.noSelection'));
    this.#title.id = 'details-heading';
    this.#size = el('p', 'note');
    const act = (what: (record: number) => Promise<void>) => async () => {
      if (this.#shown) await what(this.#shown.record);
    };
    this.#buttons = el(
      'div',
      'buttons',
      createActionButton(t('button.copy'), act(host.copy)),
      createActionButton(t('button.reveal'), act(host.reveal)),
    );
    this.#origin = el('dl', 'origin');
    this.#content = el('div', 'content');
    this.#content.tabIndex = 0;
    this.#content.setAttribute('role', 'region');
    this.#content.setAttribute('aria-label', t('view.json'));
    this.element = el(
      'aside',
      'details',
      el('header', '', this.#title, this.#size, this.#buttons),
      this.#origin,
      this.#content,
    );
    this.element.setAttribute('aria-labelledby', this.#title.id);
    this.clear();
  }

  /** Brings the keyboard here. */
  focus(): void {
    this.#content.focus();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#wanted = undefined;
    this.#shown = undefined;
    setText(this.#title, this.#words.t('empty.noSelection'));
    setText(this.#size, '');
    this.#buttons.hidden = true;
    this.#origin.replaceChildren();
    this.#content.replaceChildren();
  }

  /** Shows a record, as soon as its person stays with it; until then what was shown stays, all of it. */
  show(row: RecordRow, { generation, session }: RecordsStatus): void {
    const { record } = row;
    const isSame = (other: ShownRecord | undefined): boolean =>
      other?.record === record && other.generation === generation;
    if (isSame(this.#wanted)) return;
    clearTimeout(this.#timer);
    this.#wanted = { record, generation };
    this.#timer = setTimeout(() => {
      void this.#fill(this.#wanted, session !== null);
    }, restMs);
  }

  async #fill(wanted: ShownRecord | undefined, hasOrigin: boolean): Promise<void> {
    if (wanted === undefined) return;
    const { t, format } = this.#words;
    const { record } = wanted;
    const isCurrent = (): boolean => this.#wanted === wanted;
    let origin = hasOrigin ? [el('dd', 'note wide', t('origin.loading'))] : [];
    const finding =
      hasOrigin &&
      this.#originOf(record).then((found) => {
        origin = found;
        if (this.#shown === wanted) this.#origin.replaceChildren(...origin);
      });
    let content: (Node | string)[];
    let size = '';
    try {
      const read = await this.#host.readRecord(record);
      size = t('detail.size', format.bytes(read.bytes), format.count(read.record + 1));
      content = this.#contentOf(read);
    } catch (error) {
      content = [el('p', 'request-failed', t('requestFailed', messageOf(error)))];
    }
    if (!isCurrent()) return;
    this.#shown = wanted;
    setText(this.#title, t('detail.title', format.count(record + 1)));
    setText(this.#size, size);
    this.#buttons.hidden = false;
    this.#origin.replaceChildren(...origin);
    this.#content.replaceChildren(...content);
    this.#content.scrollTop = 0;
    await finding;
  }

  #contentOf({ text, bytes, isCut, problem }: RecordText): (Node | string)[] {
    const { t, format } = this.#words;
    if (text.trim() === '') return [el('p', 'note', t('detail.blank'))];
    const plain = el('pre', 'plain', shownLines(text));
    if (isCut)
      return [
        el('p', 'note', t('detail.cut', format.bytes(treeBytes), format.bytes(bytes))),
        plain,
      ];
    if (problem !== null)
      return [el('p', 'request-failed', t('detail.bad', shownText(problem, 300))), plain];
    return [jsonTree(this.#words, parseJson(text))];
  }

  async #originOf(record: number): Promise<HTMLElement[]> {
    const { t } = this.#words;
    const note = (text: string): HTMLElement => el('dd', 'note wide', text);
    try {
      const origin = await this.#host.findOrigin(record);
      if (origin === null) return [note(t('origin.unknown'))];
      const rows = this.#originRows(origin).flatMap(([name, value]) => [
        el('dt', '', name),
        el('dd', '', value),
      ]);
      return origin.unit === null ? [...rows, note(t('origin.adopted'))] : rows;
    } catch (error) {
      return [note(t('requestFailed', messageOf(error)))];
    }
  }

  #originRows({ seq, at, unit }: RecordOrigin): (readonly [string, string])[] {
    const { t, format } = this.#words;
    const when = Date.parse(at);
    const time = `${format.dateTime(when)} (${t('origin.commit', format.count(seq))})`;
    return [
      ...(unit
        ? ([
            [t('origin.unit'), `${shownText(unit.key)} (${format.count(unit.n)})`],
            [t('origin.group'), shownText(unit.group)],
          ] as const)
        : []),
      [t('origin.time'), time],
    ];
  }
}

function messageOf(error: unknown): string {
  return shownText(error instanceof Error ? error.message : String(error), 300);
}
