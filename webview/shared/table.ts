import { shownText } from '../../src/core/shownText.ts';
import { setText } from './dom.ts';
import { createGrid, createGridRow } from './toolkit.ts';

/** What fits on a line, or into a few: the rest would push everything else out of sight. */
const maxOneLine = 400;
const maxWrapped = 240;

/** One column of a {@link Table}. */
export interface Column<Row> {
  readonly heading: string;
  /** CSS width of the grid's track. */
  readonly width: string;
  readonly align?: 'end';
  /** What stands there; strangers' words are made fit to be shown by the table. */
  readonly text: (row: Row) => string;
  /** Shortens the cell to one line; more of the text is then its tooltip. */
  readonly oneLine?: boolean;
}

/**
 * A grid whose rows are updated in place: a cell that has the keyboard focus keeps it while numbers change under it.
 */
export class Table<Row> {
  readonly element: HTMLElement;
  readonly #columns: readonly Column<Row>[];
  readonly #rows: HTMLElement[] = [];

  constructor(label: string, columns: readonly Column<Row>[]) {
    this.#columns = columns;
    this.element = createGrid(
      label,
      columns.map((column) => column.width),
    );
    const header = createGridRow('header', columns.length);
    for (const [i, column] of columns.entries()) {
      const cell = header.children[i];
      if (!cell) continue;
      setText(cell, column.heading);
      if (column.align) cell.classList.add(column.align);
    }
    this.element.append(header);
  }

  update(rows: readonly Row[]): void {
    while (this.#rows.length > rows.length) this.#rows.pop()?.remove();
    for (const [i, row] of rows.entries()) {
      let element = this.#rows[i];
      if (!element) {
        element = this.#createRow();
        this.#rows.push(element);
        this.element.append(element);
      }
      this.#fill(element, row);
    }
    this.element.hidden = rows.length === 0;
  }

  #createRow(): HTMLElement {
    const element = createGridRow('default', this.#columns.length);
    for (const [i, column] of this.#columns.entries()) {
      const cell = element.children[i];
      if (column.align) cell?.classList.add(column.align);
      if (column.oneLine) cell?.classList.add('one-line');
    }
    return element;
  }

  #fill(element: HTMLElement, row: Row): void {
    for (const [i, column] of this.#columns.entries()) {
      const cell = element.children[i];
      if (!(cell instanceof HTMLElement)) continue;
      const text = shownText(column.text(row), column.oneLine ? maxOneLine : maxWrapped);
      setText(cell, text);
      if (column.oneLine && cell.title !== text) cell.title = text;
    }
  }
}
