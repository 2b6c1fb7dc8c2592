import { scalarText, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { LineValues, ValueColumns } from './valueFile.ts';

/**
 * So many lines as one: each name then has the list of their values, or a text of them. A batch never spans two files.
 */
export async function* inBatches(
  pages: AsyncIterable<LineValues>,
  { batch = 1, joins }: ValueColumns,
): AsyncGenerator<LineValues, void, void> {
  let held: readonly JsonObject[] = [];
  let of = '';
  for await (const { file, lines } of pages) {
    if (file !== of && held.length > 0) {
      yield { file: of, lines: [asOne(held, joins)] };
      held = [];
    }
    of = file;
    held = held.concat(lines);
    const whole: JsonObject[] = [];
    for (let at = 0; at + batch <= held.length; at += batch)
      whole.push(asOne(held.slice(at, at + batch), joins));
    held = held.slice(whole.length * batch);
    if (whole.length > 0) yield { file, lines: whole };
  }
  if (held.length > 0) yield { file: of, lines: [asOne(held, joins)] };
}

function asOne(lines: readonly JsonObject[], joins: ValueColumns['joins']): JsonObject {
  const names = Object.keys(lines[0] ?? {});
  return Object.fromEntries(
    names.map((name) => {
      const values = lines.map((line) => line[name] ?? null);
      const separator = joins?.[name];
      return [name, separator === undefined ? values : joined(values, separator)];
    }),
  );
}

function joined(values: readonly JsonValue[], separator: string): string {
  return values.map((value) => scalarText(value) ?? '').join(separator);
}
