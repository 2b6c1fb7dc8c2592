import type { ForConfig, ValuesOfFile } from '../../core/config/forValues.ts';
import {
  canonicalJson,
  isJsonObject,
  scalarText,
  type JsonObject,
  type JsonValue,
} from '../../core/json.ts';
import { fingerprint } from '../../core/keys.ts';
import { toFileName } from '../../core/names.ts';
import type { SourceContext } from '../source.ts';
import { inBatches } from './batches.ts';
import type { ValueColumns } from './valueFile.ts';

/** Room for the number that tells two groups apart. */
const longestName = 90;
/** Keys are shown to people, and kept in memory by the million. */
const longestKey = 300;

/** One combination of the values of `for`. */
export interface ForUnit {
  readonly values: JsonObject;
  /** What identifies it; undefined without `for`, where there is one unit. */
  readonly key: string | undefined;
  /** Safe as a file name: a group for every combination of listed values and every file. Undefined without `for`. */
  readonly group: string | undefined;
}

/** What has to be known beside `for` itself. */
export interface ForOptions {
  /**
   * Names that stand in templates. A line that has no value for one is passed over; and they alone identify a unit: a
   * title that was carried along and has changed does not make it another one, to be collected (and paid for) again.
   */
  readonly needed: ReadonlySet<string>;
}

/**
 * One unit for every combination of the values of `for`; the first name changes slowest, but lines of files slower than
 * lists. Streamed: a file may have millions of lines. The same each time, as long as the files are.
 *
 * @throws PauseError `FOR_FILE_UNREADABLE`.
 */
export async function* forUnits(
  config: ForConfig,
  { needed }: ForOptions,
  context: Pick<SourceContext, 'root' | 'logger'>,
  signal: AbortSignal,
): AsyncGenerator<ForUnit, void, void> {
  const lists = listsOf(config);
  const files = columnsOf(config);
  const names = Object.keys(config);
  const groups = new GroupNames();
  if (files.length === 0) {
    for (const values of combinations(lists)) {
      signal.throwIfAborted();
      if (names.length === 0) yield { values, key: undefined, group: undefined };
      else yield { values, key: canonicalJson(values), group: groups.next(textsOf(values)) };
    }
    return;
  }
  const isIdentity = identity(config, files, needed);
  for await (const { lines, places } of crossed(files, needed, context, signal)) {
    for (const read of lines) {
      for (const listed of combinations(lists)) {
        signal.throwIfAborted();
        const values = inOrder(names, { ...listed, ...read });
        const group = groups.of([...textsOf(listed), ...places]);
        yield { values, key: keyOf(values, isIdentity), group };
      }
    }
  }
}

/** The values that a unit stands for; undefined for a unit that was planned without. */
export function forValuesOf(input: JsonObject): JsonObject | undefined {
  const values = input['for'];
  return isJsonObject(values) ? values : undefined;
}

/** Every combination of the listed values of some names. */
export function listedValues(
  config: ForConfig,
  names: readonly string[],
): Generator<JsonObject, void, void> {
  const lists = Object.entries(listsOf(config)).filter(([name]) => names.includes(name));
  return combinations(Object.fromEntries(lists));
}

/** The names with values from files, one entry for each file. */
export function columnsOf(config: ForConfig): ValueColumns[] {
  const byFile = new Map<string, [name: string, ValuesOfFile][]>();
  for (const [name, value] of Object.entries(config)) {
    if (!isFile(value)) continue;
    byFile.set(value.from, [...(byFile.get(value.from) ?? []), [name, value]]);
  }
  return [...byFile].map(([from, columns]) => ({
    from,
    paths: Object.fromEntries(columns.map(([name, { path }]) => [name, path])),
    batch: columns.find(([, { batch }]) => batch !== undefined)?.[1].batch,
    joins: Object.fromEntries(columns.map(([name, { join }]) => [name, join])),
  }));
}

/** Whether the values of a name come from a file. */
export function isFile(value: ForConfig[string]): value is ValuesOfFile {
  return !Array.isArray(value);
}

type Lists = Readonly<Record<string, readonly JsonValue[]>>;

function listsOf(config: ForConfig): Lists {
  const lists = Object.entries(config).flatMap(([name, value]) =>
    isFile(value) ? [] : [[name, value] as const],
  );
  return Object.fromEntries(lists);
}

/** Some lines, or lines that were combined, with what their groups are called after. */
interface Crossed {
  readonly lines: readonly JsonObject[];
  readonly places: readonly string[];
}

/** Every line of the first file with every line of the others. */
async function* crossed(
  [first, ...others]: readonly ValueColumns[],
  needed: ReadonlySet<string>,
  context: Pick<SourceContext, 'root' | 'logger'>,
  signal: AbortSignal,
): AsyncGenerator<Crossed, void, void> {
  if (first === undefined) return;
  // A collection without files does not load what reads them.
  const { groupOf, lineValues } = await import('./valueFile.ts');
  const read = lineValues(first, needed, context, signal);
  for await (const { lines, file } of first.batch === undefined ? read : inBatches(read, first)) {
    if (others.length === 0) {
      yield { lines, places: [groupOf(file)] };
      continue;
    }
    for (const values of lines) {
      for await (const inner of crossed(others, needed, context, signal)) {
        const both = inner.lines.map((other) => ({ ...values, ...other }));
        yield { lines: both, places: [groupOf(file), ...inner.places] };
      }
    }
  }
}

/** Which names identify a unit: listed ones, and of each file those that are needed, or all where none is. */
function identity(
  config: ForConfig,
  files: readonly ValueColumns[],
  needed: ReadonlySet<string>,
): ReadonlySet<string> {
  const names = Object.entries(config).flatMap(([name, value]) => (isFile(value) ? [] : [name]));
  for (const { paths } of files) {
    const all = Object.keys(paths);
    const used = all.filter((name) => needed.has(name));
    names.push(...(used.length > 0 ? used : all));
  }
  return new Set(names);
}

function keyOf(values: JsonObject, isIdentity: ReadonlySet<string>): string {
  const own = Object.entries(values).filter(([name]) => isIdentity.has(name));
  const key = canonicalJson(Object.fromEntries(own));
  return key.length <= longestKey ? key : `${key.slice(0, longestKey)}… ${fingerprint(key)}`;
}

function inOrder(names: readonly string[], values: JsonObject): JsonObject {
  return Object.fromEntries(names.map((name) => [name, values[name] ?? null]));
}

function textsOf(values: JsonObject): string[] {
  return Object.values(values).map((value) => scalarText(value) ?? '');
}

/** Every combination, one at a time: there may be millions. */
function* combinations(lists: Lists): Generator<JsonObject, void, void> {
  const names = Object.keys(lists);
  const places = names.map(() => 0);
  for (;;) {
    const values: [string, JsonValue][] = names.map((name, i) => [
      name,
      lists[name]?.[places[i] ?? 0] ?? null,
    ]);
    yield Object.fromEntries(values);
    let i = names.length - 1;
    for (; i >= 0; i--) {
      const place = (places[i] ?? 0) + 1;
      if (place < (lists[names[i] ?? '']?.length ?? 0)) {
        places[i] = place;
        break;
      }
      places[i] = 0;
    }
    if (i < 0) return;
  }
}

/** File names for groups. Those that would be the same, also where case does not count, get different ones. */
class GroupNames {
  readonly #taken = new Set<string>();
  readonly #known = new Map<string, string>();

  /** The name of another group. */
  next(texts: readonly string[]): string {
    const wanted = toFileName(texts.join('_'));
    let name = wanted;
    for (let n = 2; this.#taken.has(name.toLowerCase()); n++)
      name = `${wanted.slice(0, longestName)}_${n}`;
    this.#taken.add(name.toLowerCase());
    return name;
  }

  /** The name of the group that these texts make. */
  of(texts: readonly string[]): string {
    const key = texts.join('\n');
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const name = this.next(texts);
    this.#known.set(key, name);
    return name;
  }
}
