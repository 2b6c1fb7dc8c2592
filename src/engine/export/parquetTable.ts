import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import {
  getKey,
  isBigIntegerText,
  toJsonLine,
  type JsonObject,
  type JsonValue,
} from '../../core/json.ts';
import type { Column } from './tableColumns.ts';
import type { TableWriter } from './tableWriter.ts';

/** Rows of a group: it is in memory as a whole. */
const rowsPerGroup = 10_000;

/** Writes Parquet: groups of rows, Snappy, every column optional. JSON values stand as texts. */
export class ParquetTable implements TableWriter {
  readonly #columns: readonly Column[];
  readonly #bytes: FlushedBytes;
  readonly #writer: ParquetWriter;
  #rows: JsonObject[] = [];

  constructor(columns: readonly Column[], write: (bytes: Uint8Array) => Promise<void>) {
    this.#columns = columns;
    this.#bytes = new FlushedBytes(write);
    this.#writer = new ParquetWriter({
      writer: this.#bytes,
      schema: schemaOf(columns),
      createdBy: 'cf-collector',
    });
  }

  begin(): Promise<void> {
    return Promise.resolve();
  }

  async add(records: readonly JsonObject[]): Promise<void> {
    for (const record of records) {
      this.#rows.push(record);
      if (this.#rows.length === rowsPerGroup) await this.#writeGroup();
    }
  }

  async end(): Promise<void> {
    await this.#writeGroup();
    await this.#writer.finish();
    await this.#bytes.flush();
  }

  async #writeGroup(): Promise<void> {
    const rows = this.#rows;
    if (rows.length === 0) return;
    this.#rows = [];
    const columnData = this.#columns.map(({ name, type }) => ({
      name,
      data: rows.map((row) => toValue(getKey(row, name), type)),
    }));
    await this.#writer.write({ columnData, rowGroupSize: rows.length });
  }
}

/** Bytes that go to the file after each group. */
class FlushedBytes extends ByteWriter {
  readonly #write: (bytes: Uint8Array) => Promise<void>;

  constructor(write: (bytes: Uint8Array) => Promise<void>) {
    super(1024 * 1024);
    this.#write = write;
  }

  async flush(): Promise<void> {
    const bytes = this.getBytes();
    await this.#write(bytes);
    this.index = 0;
  }
}

function schemaOf(columns: readonly Column[]): SchemaElement[] {
  return [
    { name: 'root', num_children: columns.length },
    ...columns.map(({ name, type }): SchemaElement => {
      const optional = { name, repetition_type: 'OPTIONAL' } as const;
      switch (type) {
        case 'integer':
          return { ...optional, type: 'INT64' };
        case 'number':
          return { ...optional, type: 'DOUBLE' };
        case 'boolean':
          return { ...optional, type: 'BOOLEAN' };
        case 'text':
        case 'json':
          return { ...optional, type: 'BYTE_ARRAY', converted_type: 'UTF8' };
      }
    }),
  ];
}

function toValue(
  value: JsonValue | undefined,
  type: Column['type'],
): bigint | JsonValue | undefined {
  if (value === undefined || value === null) return undefined;
  if (type === 'json') return toJsonLine(value);
  if (type !== 'integer') return value;
  return BigInt(isBigIntegerText(value) ? value.rawJSON : (value as number));
}
