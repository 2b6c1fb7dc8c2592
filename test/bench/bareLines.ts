/**
 * The least that can be done to look at a file of JSON lines: split it at newlines, parse each, hash the bytes.
 *
 * node bareLines.cjs FILE
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';

const newline = 0x0a;

function main(): void {
  const [file = ''] = process.argv.slice(2);
  const fd = openSync(file, 'r');
  const chunk = Buffer.allocUnsafe(4 * 1_048_576);
  const sum = createHash('sha256');
  let lines = 0;
  let held = 0;
  for (;;) {
    const read = readSync(fd, chunk, held, chunk.length - held, null);
    if (read === 0) break;
    const end = held + read;
    let from = 0;
    const bytes = chunk.subarray(0, end);
    for (let to = bytes.indexOf(newline); to >= 0; to = bytes.indexOf(newline, from)) {
      JSON.parse(bytes.toString('utf8', from, to));
      lines += 1;
      from = to + 1;
    }
    sum.update(bytes.subarray(0, from));
    chunk.copyWithin(0, from, end);
    held = end - from;
  }
  closeSync(fd);
  console.log(JSON.stringify({ lines, sha256: sum.digest('hex') }));
}

main();
