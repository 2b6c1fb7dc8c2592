import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fingerprint } from '../../../../src/core/keys.ts';
import type { OnConflict } from '../../../../src/core/mergeManifest.ts';
import { Survey, type Noted } from '../../../../src/sources/files/survey.ts';
import { SeededRandom } from '../../../fixtures/seededRandom.ts';
import { makeScratchFolder } from '../../../fixtures/storageSession.ts';

const lineCount = 6000;

/** Lines with keys that repeat, texts that differ or not, and gaps. */
function makeLines(): (Noted | undefined)[] {
  const random = new SeededRandom(7);
  return Array.from({ length: lineCount }, () => {
    if (random.next() < 0.1) return undefined;
    return {
      key: fingerprint(String(Math.floor(random.next() * 2000))),
      textDigest: Math.floor(random.next() * 3),
      textLength: 10,
      richness: Math.floor(random.next() * 4),
    };
  });
}

/** The same decided in the plainest way. */
function decidePlainly(lines: readonly (Noted | undefined)[], rule: OnConflict) {
  const winners = new Map<string, number>();
  for (const [i, line] of lines.entries()) {
    if (line === undefined) continue;
    const held = winners.get(line.key);
    const richer = line.richness > (lines[held ?? -1]?.richness ?? -1);
    if (held === undefined || rule === 'last' || (rule === 'richest' && richer))
      winners.set(line.key, i);
  }
  const kept = new Set(winners.values());
  const unlike = lines.flatMap((line, i) => {
    const winner = winners.get(line?.key ?? '') ?? -1;
    const isUnlike = line !== undefined && lines[winner]?.textDigest !== line.textDigest;
    return isUnlike ? [`${winner} ${i}`] : [];
  });
  return { kept, unlike };
}

for (const rule of ['first', 'last', 'richest'] as const) {
  for (const maxInMemory of [1_000_000, 500]) {
    test(`keeps the ${rule} with ${maxInMemory} in memory`, async (t) => {
      const folder = join(await makeScratchFolder(t), 'keys');
      const lines = makeLines();
      const survey = new Survey(folder, rule, maxInMemory);
      for (let at = 0; at < lineCount; at += 700) {
        await survey.note(at, lines.slice(at, at + 700));
      }
      const isSpilled = maxInMemory < lineCount;
      const names = await readdir(folder).catch(() => []);
      assert.equal(names.length > 0, isSpilled, 'keys are on disk past the limit, and only then');
      const { isKept, unlike } = await survey.decide(lineCount);
      const expected = decidePlainly(lines, rule);
      assert.deepEqual(
        lines.flatMap((_, i) => (isKept(i) ? [i] : [])),
        [...expected.kept].sort((a, b) => a - b),
      );
      assert.deepEqual(unlike.map((pair) => pair.join(' ')).sort(), expected.unlike.sort());
      await assert.rejects(readdir(folder), { code: 'ENOENT' });
    });
  }
}
