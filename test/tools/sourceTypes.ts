// node test/tools/sourceTypes.ts: writes media/types/cf-collector-source.d.ts from src/core/customSource/definition.ts.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format } from 'prettier';
import ts from 'typescript';

const root = path.resolve(import.meta.dirname, '../..');

/** The types for whoever writes a source of their own: copied beside a module, or into an extension. */
export const typesFile = path.join(root, 'media/types/cf-collector-source.d.ts');

const definition = path.join(root, 'src/core/customSource/definition.ts');

const head = `// The types of CF Collector's sources of your own: for a module beside a collection, and for an extension that
// registers one. A module finds them by a line at its top:
//   /// <reference path="./cf-collector-source.d.ts" />
`;

/** The types as they are kept. */
export async function typesText(): Promise<string> {
  const { outputText, diagnostics = [] } = ts.transpileDeclaration(
    readFileSync(definition, 'utf8'),
    { fileName: definition, compilerOptions: { target: ts.ScriptTarget.ES2024 } },
  );
  if (diagnostics.length > 0) throw new Error('The definition needs more type annotations');
  const declarations = outputText
    .replace(/^\/\*.*eslint-disable.*\*\/\n/m, '')
    .replaceAll(/^export declare /gm, 'export ');
  const text = `${head}\ndeclare module 'cf-collector/source' {\n${declarations}}\n`;
  return format(text, { parser: 'typescript', singleQuote: true, printWidth: 100 });
}

if (process.argv[1] === import.meta.filename) {
  mkdirSync(path.dirname(typesFile), { recursive: true });
  writeFileSync(typesFile, await typesText());
}
