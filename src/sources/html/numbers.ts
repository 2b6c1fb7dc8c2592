import { isBigIntegerText, parseJson, type JsonValue } from '../../core/json.ts';

/** Groups of three digits (two in India) behind one separator: 1,234 · 1.234.567,89 · 1 234,50 · 12,34,567. */
const grouped =
  /^(?<whole>\d{1,3}(?<separator>[ '\u2019.,])(?:\d{2,3}\k<separator>)*\d{3}(?!\d))(?:(?<point>(?!\k<separator>)[.,])(?<fraction>\d*))?/;
const plain = /^(?<whole>\d*)(?:[.,](?<fraction>\d+))?/;
// ".5" begins with its point; the point of "vol.5" is none.
const numberStart = /\d|(?<![\p{L}\p{N}])[.,]\d/u;
const narrowSpaces = /[\u00a0\u2009\u202f]/g;
const exponentPart = /^[eE][-+]?\d{1,3}(?![\p{L}\p{N}])/u;
/** 1.2.3 is a version and 192.168.1.1 an address, not a number. */
const goesOn = /^[.,'\u2019]?\d/;
const minusBefore = /(?:^|[^\p{L}\p{N}])[-\u2212](?:\p{Sc}\s?)?$/u;

/**
 * The first number in a text: 51.77 in "£51.77", 22 in "In stock (22 available)". Both ways of writing are
 * understood (1,234.5 and 1.234,5); where a text may mean either, it is read as English: "1,234" is 1234 and "1.234"
 * is 1.234. An integer past 2^53 keeps its digits. null when there is none, or when it is no number ("1.2.3").
 */
export function parseNumber(source: string): JsonValue {
  const text = source.replace(narrowSpaces, ' ');
  const start = text.search(numberStart);
  if (start === -1) return null;
  const rest = text.slice(start);
  const match = matchGrouped(rest) ?? plain.exec(rest);
  if (match === null) return null;
  const after = rest.slice(match[0].length);
  if (goesOn.test(after)) return null;
  const whole = match.groups?.['whole']?.replace(/\D/g, '').replace(/^0+(?=\d)/, '') ?? '';
  const fraction = match.groups?.['fraction'] ?? '';
  const exponent = exponentPart.exec(after)?.[0] ?? '';
  const sign = minusBefore.test(text.slice(0, start)) ? '-' : '';
  const literal = `${sign}${whole === '' ? '0' : whole}${fraction === '' ? '' : `.${fraction}`}${exponent}`;
  // Without a fraction or exponent the literal is JSON's, and past 2^53 keeps its digits.
  if (fraction === '' && exponent === '') return parseJson(literal);
  const value = Number(literal);
  return Number.isFinite(value) ? value : null;
}

/** The same where only a whole number will do: "4.0" is 4, "4.5" is null. */
export function parseInteger(text: string): JsonValue {
  const value = parseNumber(text);
  return isBigIntegerText(value) || Number.isInteger(value) ? value : null;
}

function matchGrouped(text: string): RegExpExecArray | null {
  const match = grouped.exec(text);
  if (match === null) return null;
  const { whole = '', separator = '', point } = match.groups ?? {};
  const groups = whole.split(separator).length;
  // "1.234" and "0,123" are fractions.
  if (groups === 2 && point === undefined && (separator === '.' || whole.startsWith('0')))
    return null;
  return match;
}
