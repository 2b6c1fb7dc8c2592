import { isBigIntegerText, toJsonLine, type JsonObject, type JsonValue } from '../../core/json.ts';

/** How all values of a column can be written; `json`: as the text of a JSON value. null fits everywhere. */
export type ColumnType = 'integer' | 'number' | 'boolean' | 'text' | 'json';

/** A column of a table. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

type Kind = 'safeInteger' | 'bigInteger' | 'number' | 'boolean' | 'text' | 'nested';

const maxInt64 = 2n ** 63n - 1n;
const minInt64 = -(2n ** 63n);

/** The fields of all records that it is shown, in the order in which they first appear, with what they hold. */
export class ColumnsSeen {
  readonly #kinds = new Map<string, Set<Kind>>();

  add(record: JsonObject): void {
    for (const name of Object.keys(record)) {
      let kinds = this.#kinds.get(name);
      if (kinds === undefined) this.#kinds.set(name, (kinds = new Set()));
      const value = record[name];
      if (value !== undefined && value !== null) kinds.add(kindOf(value));
    }
  }

  get columns(): Column[] {
    return [...this.#kinds].map(([name, kinds]) => ({ name, type: typeFor(kinds) }));
  }
}

function kindOf(value: JsonValue): Kind {
  if (typeof value === 'string') return 'text';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'safeInteger' : 'number';
  if (!isBigIntegerText(value)) return 'nested';
  const big = BigInt(value.rawJSON);
  return big >= minInt64 && big <= maxInt64 ? 'bigInteger' : 'nested';
}

function typeFor(kinds: ReadonlySet<Kind>): ColumnType {
  const isOnly = (...allowed: Kind[]): boolean =>
    [...kinds].every((kind) => allowed.includes(kind));
  if (isOnly('text')) return 'text';
  if (isOnly('boolean')) return 'boolean';
  if (isOnly('safeInteger', 'bigInteger')) return 'integer';
  // A large integer beside fractions would lose digits as one of them.
  if (isOnly('safeInteger', 'number')) return 'number';
  return 'json';
}

/** A value as the text of a cell: texts as they are, everything else as JSON. Empty for null and for nothing. */
export function cellText(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : toJsonLine(value);
}
