import { parse, type CsvError, type Parser } from 'csv-parse';
import { UnitFailedError } from '../../core/errors.ts';
import { setKey, toJsonLine, type JsonValue } from '../../core/json.ts';
import type { InputBytes } from './inputBytes.ts';
import type { CsvOptions, InputCursor, InputLine, InputPage, Make } from './inputLine.ts';
import { checkEncoding } from './jsonLines.ts';

const rowsPerPage = 2000;
const pieceBytes = 256 * 1024;
const maxRowBytes = 64 * 1024 * 1024;

/**
 * The rows of a CSV file (RFC 4180: quotes, line ends in quotes) as objects of texts, by pages, from a cursor on. The
 * first row has the names, unless the options have them.
 */
export async function* csvPages<T>(
  path: string,
  bytes: InputBytes,
  from: InputCursor | undefined,
  make: Make<T>,
  signal: AbortSignal,
  options: CsvOptions = {},
): AsyncGenerator<InputPage<T>, void, void> {
  const state = { lines: 0, offset: 0, line: 0 };
  const passed = from?.lines ?? 0;
  let names = options.columns;
  let lines: InputLine<T>[] = [];
  const add = (line: InputLine<T>): void => {
    state.lines += 1;
    if (state.lines > passed) lines.push(line);
  };
  const page = (): InputPage<T> => {
    const result = { lines, cursor: { ...state, read: bytes.readSoFar } };
    lines = [];
    return result;
  };
  let parser: Parser | undefined;
  const makeParser = (head: Buffer): Parser =>
    parse({
      bom: true,
      // Files that were put together have several.
      record_delimiter: ['\r\n', '\n', '\r'],
      delimiter: options.delimiter ?? delimiterOf(path, head),
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_error: true,
      max_record_size: maxRowBytes,
      raw: true,
      // Both are called in the order of the rows; as a stream, the bad ones would overtake the others.
      on_skip: (error, raw) => {
        if (error !== undefined) add(badRow(error, raw));
        return undefined;
      },
      on_record: (row, info) => {
        const { record } = row as unknown as Row;
        state.offset = info.bytes;
        state.line = info.lines;
        if (names === undefined) names = columnNames(record);
        else add(toLine(names, record, info.lines, make, options.ragged));
        return null;
      },
    });
  try {
    for await (const piece of textPieces(path, bytes, signal)) {
      parser ??= makeParser(piece);
      await written(parser, piece);
      if (lines.length >= rowsPerPage) yield page();
    }
    if (parser !== undefined) await written(parser, undefined);
    if (lines.length > 0) yield page();
  } finally {
    parser?.destroy();
  }
}

/** With `raw: true`. */
interface Row {
  readonly record: string[];
}

/** Gives the parser a piece, or the end; resolves when it has been through all of it. */
function written(parser: Parser, piece: Buffer | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    parser.once('error', reject);
    const done = (error?: Error | null): void => {
      parser.removeListener('error', reject);
      if (error) reject(error);
      else resolve();
    };
    if (piece === undefined) parser.end(done);
    else parser.write(piece, done);
  });
}

function toLine<T>(
  names: readonly string[],
  row: readonly string[],
  number: number,
  make: Make<T>,
  ragged: CsvOptions['ragged'] = 'reject',
): InputLine<T> {
  const record: Record<string, JsonValue> = {};
  row.forEach((value, i) => {
    setKey(record, names[i] ?? `column_${i + 1}`, value);
  });
  if (ragged === 'fill') {
    for (const name of names.slice(row.length)) setKey(record, name, null);
  }
  const text = toJsonLine(record);
  if (row.length === names.length || ragged === 'fill')
    return { text, number, value: make(record, text) };
  const reason = `has ${row.length} values for ${names.length} columns`;
  return { text, number, value: undefined, reason };
}

function badRow(error: CsvError, raw = ''): InputLine<never> {
  const { lines } = error as CsvError & { readonly lines?: number };
  const reason = `not CSV: ${error.message}`;
  return { text: raw.trimEnd(), number: lines ?? 0, value: undefined, reason };
}

/** Names that are missing or there twice are made distinct, so that no value is lost. */
function columnNames(row: readonly string[]): string[] {
  const taken = new Set<string>();
  return row.map((text, i) => {
    const base = text.trim() === '' ? `column_${i + 1}` : text.trim();
    let name = base;
    for (let n = 2; taken.has(name); n++) name = `${base}_${n}`;
    taken.add(name);
    return name;
  });
}

function delimiterOf(path: string, head: Buffer): string {
  return /\.(tsv|tab)(\.gz)?$/i.test(path) ? '\t' : likelyDelimiter(head.toString('utf8'));
}

/** The delimiter that the first line has most of, outside quotes. */
function likelyDelimiter(head: string): string {
  const counts = new Map<string, number>([',', ';', '\t', '|'].map((mark) => [mark, 0]));
  let isQuoted = false;
  for (const character of head) {
    if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (character === '\n' || character === '\r')) break;
    else if (!isQuoted && counts.has(character))
      counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  const [best] = [...counts].sort((a, b) => b[1] - a[1]);
  return best?.[0] ?? ',';
}

async function* textPieces(
  path: string,
  bytes: InputBytes,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (let at = 0; ;) {
    signal.throwIfAborted();
    const piece = Buffer.allocUnsafe(pieceBytes);
    const count = await bytes.read(piece, 0);
    if (at === 0) checkEncoding(path, piece.subarray(0, count));
    at += count;
    try {
      decoder.decode(piece.subarray(0, count), { stream: count > 0 });
    } catch {
      throw new UnitFailedError(
        'INPUT_NOT_UTF8',
        `${path} is not UTF-8 (before byte ${at}). Save it as UTF-8.`,
        { file: path },
      );
    }
    if (count === 0) return;
    yield piece.subarray(0, count);
  }
}
