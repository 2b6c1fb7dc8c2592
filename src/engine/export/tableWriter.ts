import type { JsonObject } from '../../core/json.ts';

/** Writes records as rows of a table, in a format. */
export interface TableWriter {
  begin(): Promise<void>;
  add(records: readonly JsonObject[]): Promise<void>;
  /** Writes what comes after the last row. */
  end(): Promise<void>;
}
