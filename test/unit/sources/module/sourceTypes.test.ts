import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';
import { makeWorkspace } from '../../../fixtures/workspace.ts';
import { typesFile, typesText } from '../../../tools/sourceTypes.ts';

test('the shipped types are those of the definition (node test/tools/sourceTypes.ts)', async () => {
  assert.equal(readFileSync(typesFile, 'utf8'), await typesText());
});

/** What an editor says of a module beside which the types are, line by line. */
function problemsOf(folder: string, text: string): string[] {
  const file = path.join(folder, 'source.mjs');
  copyFileSync(typesFile, path.join(folder, 'cf-collector-source.d.ts'));
  writeFileSync(file, text);
  // As an editor has it for a file that no project names.
  const program = ts.createProgram([file], {
    allowJs: true,
    noEmit: true,
    skipLibCheck: true,
    strict: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
  });
  return ts.getPreEmitDiagnostics(program).map(({ file: of, start = 0, messageText }) => {
    const line = of === undefined ? 0 : of.getLineAndCharacterOfPosition(start).line + 1;
    return `${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}

const head = `// @ts-check
/// <reference path="./cf-collector-source.d.ts" />
import { defineSource } from 'cf-collector/source';
`;

test('an editor finds nothing wrong with a module that is right', async (t) => {
  const text = `${head}
export default defineSource({
  async *plan({ options, for: values, fetch }) {
    for await (const { year } of values) yield { key: String(year), input: { year } };
    const days = await (await fetch(options.index)).json();
    yield* days;
  },
  async *collect(unit, { cursor, fetch, page, secret, signal, log, retry }) {
    log.info('begins', { unit: unit.key });
    let at = cursor ?? 1;
    while (!signal.aborted) {
      const headers = { authorization: await secret('TOKEN') };
      const answer = await fetch(\`https://a.test/\${unit.input.year}/\${at}\`, { headers, accept: [404] });
      if (answer.status === 404) return;
      const { items, busy } = await answer.json();
      if (busy) throw retry('busy', { afterMs: 1000 });
      at += 1;
      yield page({ items, cursor: at });
    }
  },
  map: (item) => ({ id: item.id, title: item.title }),
});
`;
  assert.deepEqual(problemsOf(await makeWorkspace(t), text), []);
});

test('an editor tells what is wrong with one, at its line', async (t) => {
  const text = `${head}
export default defineSource({
  async *collect(unit, { page, fetsh }) {
    yield page({ itms: [] });
  },
  plan: () => 17,
});
`;
  const problems = problemsOf(await makeWorkspace(t), text);
  assert.equal(problems.length, 3, problems.join('\n'));
  assert.match(problems[0]!, /^6: .*fetsh/);
  assert.match(problems[1]!, /^7: .*itms/);
  assert.match(problems[2]!, /^9: .*number/);
});

test('an editor finds nothing wrong with the code of the template', async (t) => {
  const text = readFileSync(
    new URL('../../../../media/templates/module.mjs', import.meta.url),
    'utf8',
  );
  assert.ok(
    text.startsWith(head.split('\n').slice(0, 2).join('\n')),
    'it is checked, and finds the types',
  );
  assert.deepEqual(problemsOf(await makeWorkspace(t), text), []);
});
