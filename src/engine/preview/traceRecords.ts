import type { Collection } from '../../core/config.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { cutText, type FieldTrace } from '../../core/preview.ts';

const maxSamples = 3;
const maxValueText = 1000;
/** A record that is taken as it is may have any number of fields. */
const maxFields = 200;

type FieldRule = Pick<FieldTrace, 'rule' | 'kind'>;

/** What each field came to in these records: those that the collection names, or else those that are there. */
export function traceRecords(
  source: Collection['source'],
  records: readonly JsonObject[],
): FieldTrace[] {
  const rules = rulesOf(source);
  const names = new Set(rules.keys());
  if (rules.size === 0) for (const record of records) for (const name in record) names.add(name);
  return [...names].slice(0, maxFields).map((field) => {
    const values = records.flatMap((record) => filledValue(record, field));
    return {
      field,
      ...(rules.get(field) ?? { rule: '', kind: 'path' }),
      matches: null,
      items: records.length,
      filled: values.length,
      samples: values.slice(0, maxSamples).map((value) => ({
        found: null,
        value: cutText(JSON.stringify(value), maxValueText),
      })),
    };
  });
}

function rulesOf(source: Collection['source']): Map<string, FieldRule> {
  const fields: Readonly<Record<string, string | { readonly from?: string | undefined }>> =
    ('fields' in source ? source.fields : undefined) ?? {};
  return new Map(
    Object.entries(fields).map(([name, field]): [string, FieldRule] => {
      if (typeof field !== 'string') return [name, { rule: field.from ?? '', kind: 'fact' }];
      return [name, { rule: field, kind: field.startsWith('=') ? 'expression' : 'path' }];
    }),
  );
}

function filledValue(record: JsonObject, field: string): JsonValue[] {
  const value = Object.hasOwn(record, field) ? (record[field] ?? null) : null;
  return value === null ? [] : [value];
}
