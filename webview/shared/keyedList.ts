/** A row of a {@link KeyedList}: its element, and how it shows what it stands for. */
export interface RowView<Row> {
  readonly element: HTMLElement;
  update(row: Row): void;
}

/**
 * Rows that keep their elements while they are there: a button that has the focus, or is about to be pressed, is not
 * taken away because figures change or a row comes in above it.
 */
export class KeyedList<Row> {
  readonly element: HTMLElement;
  readonly #keyOf: (row: Row) => string;
  readonly #create: (row: Row) => RowView<Row>;
  #views = new Map<string, RowView<Row>>();

  /** @param create makes what does not change of a row; `update` is called right after it. */
  constructor(
    element: HTMLElement,
    keyOf: (row: Row) => string,
    create: (row: Row) => RowView<Row>,
  ) {
    this.element = element;
    this.#keyOf = keyOf;
    this.#create = create;
  }

  /** Shows these rows in this order. Each must have a key of its own. */
  update(rows: readonly Row[]): void {
    const views = new Map<string, RowView<Row>>();
    for (const row of rows) {
      const key = this.#keyOf(row);
      const view = this.#views.get(key) ?? this.#create(row);
      view.update(row);
      views.set(key, view);
      this.#views.delete(key);
    }
    // What goes must go first: then what stays is in its place, and is not moved.
    for (const { element } of this.#views.values()) element.remove();
    let next = this.element.firstElementChild;
    for (const { element } of views.values()) {
      if (element === next) next = next.nextElementSibling;
      else this.element.insertBefore(element, next);
    }
    this.#views = views;
  }
}
