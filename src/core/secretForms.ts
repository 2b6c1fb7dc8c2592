/** Finds one secret in texts, however it is written there. */
export interface SecretFinder {
  /** Characters of the secret. */
  readonly length: number;
  isIn(text: string): boolean;
  /** The text with what the secret is called in its place. */
  takeOut(text: string): string;
}

/** A text without this much of a secret, as it is written in every encoding, has none of it. */
const shortestHint = 4;
/** Fewer characters of base64 are no secret that one could tell. */
const shortestBase64 = 8;

/**
 * Makes a finder. It knows a secret as it is, and each of its characters as URLs, forms, JSON (also in JSON) and markup
 * write it; and the base64 of texts that the secret is a part of.
 *
 * @param name what is put in its place.
 */
export function findSecret(name: string, value: string): SecretFinder {
  const characters = Array.from(value);
  const isPlain = characters.every((character) => plain.test(character));
  const written = new RegExp(characters.map(patternOf).join(''), 'gu');
  const [hint = ''] = value.match(/[A-Za-z0-9]+/g)?.sort((a, b) => b.length - a.length) ?? [];
  const mayHold = (text: string): boolean => hint.length < shortestHint || text.includes(hint);
  const encoded = base64Forms(value);
  return {
    length: value.length,
    isIn: (text) =>
      (mayHold(text) && (isPlain || text.search(written) >= 0)) ||
      encoded.some((form) => text.includes(form)),
    takeOut: (text) => {
      let rest = mayHold(text) ? text.replace(written, () => name) : text;
      for (const form of encoded) if (rest.includes(form)) rest = rest.replaceAll(form, () => name);
      return rest;
    },
  };
}

/** No encoding changes these. */
const plain = /^[A-Za-z0-9]$/;

const markupNames: Readonly<Record<string, readonly string[]>> = {
  '"': ['quot'],
  "'": ['apos'],
  '<': ['lt'],
  '>': ['gt'],
  '\u00a0': ['nbsp'],
};

const jsonLetters: Readonly<Record<string, string>> = {
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\f': 'f',
  '\r': 'r',
};

/** One character, in each way that it may be written. */
function patternOf(character: string): string {
  if (plain.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  const letter = jsonLetters[character];
  // "&" and "%" may have been encoded again, as often as one likes.
  const entity = String.raw`&(?:amp;)*`;
  const names = markupNames[character] ?? [];
  const ways = [
    ...(character === '\\' ? [`${backslash}+`] : []),
    ...(character === '&' ? [entity] : []),
    ...(character === '%' ? [String.raw`%(?:25)*`] : []),
    ...(character === ' ' ? [String.raw`\+`] : []),
    ...(letter === undefined ? [] : [`${backslash}+${letter}`]),
    percentPattern(character),
    `${backslash}+u` + utf16Hex(character).map(anyCase).join(`${backslash}+u`),
    `${entity}#0*${code};`,
    `${entity}#[xX]0*${anyCase(code.toString(16))};`,
    ...names.map((name) => `${entity}${name};`),
    literal(character),
  ];
  return `${isEscapable(character) ? `${backslash}*` : ''}(?:${ways.join('|')})`;
}

/** As JSON has it, and as a URL does. */
const backslash = String.raw`(?:\\|%(?:25)*5[cC])`;

/** What some encoders of JSON put a backslash before. */
function isEscapable(character: string): boolean {
  return character === '"' || character === "'" || character === '/';
}

function percentPattern(character: string): string {
  const bytes = Buffer.from(character.toWellFormed());
  return [...bytes].map((byte) => `%(?:25)*${anyCase(hex(byte, 2))}`).join('');
}

function utf16Hex(character: string): string[] {
  return Array.from({ length: character.length }, (_, i) => hex(character.charCodeAt(i), 4));
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

function anyCase(digits: string): string {
  return digits.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

function literal(character: string): string {
  return /[\\^$.*+?()[\]{}|/-]/.test(character)
    ? String.raw`\x` + hex(character.charCodeAt(0), 2)
    : character;
}

/**
 * What a secret becomes in the base64 of a text that holds it, wherever it begins there: of `user:password`, say. Without
 * the characters that depend on what is around it, and so at least most of it.
 */
function base64Forms(value: string): string[] {
  const forms = [Buffer.from(value).toString('base64')];
  for (const written of [value, ...encodedForms(value)]) {
    const bytes = Buffer.from(written);
    for (const before of [0, 1, 2]) {
      const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
      const whole = Math.floor(((before + bytes.length) * 8) / 6);
      const form = text.slice(Math.ceil((before * 8) / 6), whole);
      if (form.length >= shortestBase64) forms.push(form);
    }
  }
  return [
    ...new Set(forms.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')])),
  ];
}

/** A secret as requests have it, whole. */
function encodedForms(value: string): string[] {
  const text = value.toWellFormed();
  const url = new URL('http://h/');
  url.search = text;
  return [
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(text),
    // As our own requests are encoded, and as a form is.
    encodeURIComponent(text).replaceAll("'", '%27'),
    url.search.slice(1),
    new URLSearchParams([['', text]]).toString().slice(1),
  ];
}
