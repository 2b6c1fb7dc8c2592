import { getKey, type JsonObject } from '../../core/json.ts';
import { cellText, type Column } from './tableColumns.ts';
import type { TableWriter } from './tableWriter.ts';

/** Writes RFC 4180: a line of names, commas, CRLF, quotes where they are needed. */
export class CsvTable implements TableWriter {
  readonly #columns: readonly Column[];
  readonly #write: (bytes: Uint8Array) => Promise<void>;

  constructor(columns: readonly Column[], write: (bytes: Uint8Array) => Promise<void>) {
    this.#columns = columns;
    this.#write = write;
  }

  async begin(): Promise<void> {
    await this.#write(Buffer.from(toRow(this.#columns.map(({ name }) => name))));
  }

  async add(records: readonly JsonObject[]): Promise<void> {
    const rows = records.map((record) =>
      toRow(this.#columns.map(({ name }) => cellText(getKey(record, name)))),
    );
    await this.#write(Buffer.from(rows.join('')));
  }

  end(): Promise<void> {
    return Promise.resolve();
  }
}

function toRow(cells: readonly string[]): string {
  // An empty line would be no row.
  if (cells.length === 1 && cells[0] === '') return '""\r\n';
  return `${cells.map(toCell).join(',')}\r\n`;
}

function toCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
