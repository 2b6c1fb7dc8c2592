import type { RecordCell, RecordRow } from '../../src/core/records.ts';
import { shownText } from '../../src/core/shownText.ts';

/** More fields are in the details only. */
export const maxColumns = 60;
/** After so many records widths stay: a table that jumps while it is read is worse than a cut value. */
const measuredRows = 200;
const [narrowest, widest] = [6, 44];
const paddingPx = 18;

/** A field as a column of the table. */
export interface FieldColumn {
  readonly field: string;
  /** In characters. */
  width: number;
  /** All of its values so far are numbers. */
  isNumeric: boolean;
}

/** The columns of the records that were seen, in the order in which their fields were met. */
export class Columns {
  readonly list: FieldColumn[] = [];
  readonly #byField = new Map<string, FieldColumn>();
  readonly #measured = new Set<number>();
  /** There are fields that have no column. */
  hasMore = false;

  /** Takes a row in. @returns whether a column has come, or changed. */
  meet(row: RecordRow): boolean {
    if (this.#measured.has(row.record)) return false;
    const isMeasured = this.#measured.size < measuredRows;
    if (isMeasured) this.#measured.add(row.record);
    let isChanged = false;
    for (const cell of row.cells) isChanged = this.#meetCell(cell, isMeasured) || isChanged;
    return isChanged;
  }

  clear(): void {
    this.list.length = 0;
    this.#byField.clear();
    this.#measured.clear();
    this.hasMore = false;
  }

  #meetCell({ field, type, text }: RecordCell, isMeasured: boolean): boolean {
    const known = this.#byField.get(field);
    if (known === undefined) {
      if (this.list.length >= maxColumns) {
        const isNew = !this.hasMore;
        this.hasMore = true;
        return isNew;
      }
      const width = clamped(Math.max(field.length + 1, text.length));
      const column = { field, width, isNumeric: type === 'number' };
      this.#byField.set(field, column);
      this.list.push(column);
      return true;
    }
    if (!isMeasured) return false;
    const width = Math.max(known.width, clamped(text.length));
    const isNumeric = known.isNumeric && (type === 'number' || type === 'null');
    const isChanged = width !== known.width || isNumeric !== known.isNumeric;
    known.width = width;
    known.isNumeric = isNumeric;
    return isChanged;
  }
}

function clamped(characters: number): number {
  return Math.min(widest, Math.max(narrowest, characters));
}

/** The CSS tracks of a table's row: the record's number, then its fields. */
export function tracksOf(columns: readonly FieldColumn[], digits: number): string {
  const fields = columns.map(({ width }) => `calc(${width}ch + ${paddingPx}px)`);
  return [`calc(${Math.max(3, digits)}ch + ${paddingPx + 6}px)`, ...fields].join(' ');
}

/** What a cell shows of a value. */
export function cellText(cell: RecordCell): string {
  return shownText(cell.text);
}
