import type { HtmlFieldConfig } from '../../core/config/htmlSource.ts';
import type { JsonValue } from '../../core/json.ts';
import { cutText, type FieldSample, type FieldTrace } from '../../core/preview.ts';
import { compileFields, textReader } from './fields.ts';
import type { HtmlItem } from './htmlItem.ts';
import { compileSelector } from './selector.ts';

const maxSamples = 3;
const maxFoundText = 300;
const maxValueText = 1000;

type LongField = Exclude<HtmlFieldConfig, string>;

/** What each field comes to in these items: how many elements its selector matches, and what is made of them. */
export function traceHtmlFields(
  fields: Readonly<Record<string, HtmlFieldConfig>>,
  items: readonly HtmlItem[],
): FieldTrace[] {
  return Object.entries(fields).map(([name, field]) =>
    traceField(name, typeof field === 'string' ? { select: field } : field, items),
  );
}

function traceField(name: string, field: LongField, items: readonly HtmlItem[]): FieldTrace {
  const read = compileFields({ [name]: field });
  const selectors = [field.select ?? []].flat().map((one) => compileSelector(one));
  const foundText = textReader(field);
  let matches = 0;
  let filled = 0;
  const samples: FieldSample[] = [];
  for (const item of items) {
    const value = read(item)[name] ?? null;
    const all = selectors.map((selector) => selector.all(item.place));
    const elements = all.find((some) => some.length > 0) ?? [];
    matches += elements.length;
    if (!isFilled(value)) continue;
    filled += 1;
    if (samples.length >= maxSamples) continue;
    const [first] = elements;
    const found = first === undefined ? null : foundText(first);
    samples.push({
      found: found === null || found === value ? null : cutText(found.trim(), maxFoundText),
      value: cutText(JSON.stringify(value), maxValueText),
    });
  }
  return {
    field: name,
    rule: ruleOf(field),
    kind: field.from === undefined ? 'selector' : 'fact',
    matches: field.select === undefined ? null : matches,
    items: items.length,
    filled,
    samples,
  };
}

/** An empty list is what a list comes to that matches nothing. */
function isFilled(value: JsonValue): boolean {
  return value !== null && !(Array.isArray(value) && value.length === 0);
}

/** The field as the collection says it, on one line. */
function ruleOf({ select, attr, list, regex, as, from }: LongField): string {
  const parts = [
    ...(from === undefined ? [] : [from]),
    ...(select === undefined ? [] : [[select].flat().join(' | ')]),
    ...(attr === undefined ? [] : [`@${attr}`]),
    ...(list === true ? ['[…]'] : []),
    ...(regex === undefined ? [] : [`/${regex}/`]),
    ...(as === undefined ? [] : [`→ ${as}`]),
  ];
  return parts.join(' ');
}
