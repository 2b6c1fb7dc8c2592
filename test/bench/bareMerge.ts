/**
 * The least that merging can be: split lines, parse them, drop the keys that a Set has, write the rest. No hash, no sync,
 * no journal, no resume: a limit, not a competitor.
 *
 * node bareMerge.cjs INPUT OUT.jsonl [KEY]      without a key nothing is dropped: parse and append
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';

const [input = '', output = '', key = ''] = process.argv.slice(2);
const from = openSync(input, 'r');
const to = openSync(output, 'wx');
const piece = Buffer.allocUnsafe(1024 * 1024);
const seen = new Set<unknown>();
let rest: Buffer = Buffer.alloc(0);
for (;;) {
  const count = readSync(from, piece, 0, piece.length, null);
  if (count === 0) break;
  const bytes = Buffer.concat([rest, piece.subarray(0, count)]);
  const end = bytes.lastIndexOf(0x0a) + 1;
  rest = bytes.subarray(end);
  const kept: string[] = [];
  for (const line of bytes.toString('utf8', 0, end).split('\n')) {
    if (line === '') continue;
    const record = JSON.parse(line) as Record<string, unknown>;
    if (key !== '') {
      if (seen.has(record[key])) continue;
      seen.add(record[key]);
    }
    kept.push(line);
  }
  if (kept.length > 0) writeSync(to, `${kept.join('\n')}\n`);
}
closeSync(from);
closeSync(to);
