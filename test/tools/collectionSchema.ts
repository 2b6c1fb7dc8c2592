// node test/tools/collectionSchema.ts: writes media/schemas/collection.schema.json from src/core/config.ts.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format } from 'prettier';
import { collectionJsonSchema } from '../../src/core/config.ts';

/** Where the editor finds the schema of `*.collect.json`. */
export const schemaFile = path.resolve(
  import.meta.dirname,
  '../../media/schemas/collection.schema.json',
);

/** The schema as it is kept. Comments and trailing commas are what a collection may have. */
export async function schemaText(): Promise<string> {
  const { $schema, ...schema } = collectionJsonSchema() as Record<string, unknown>;
  const whole = {
    $schema,
    title: 'Collection',
    allowComments: true,
    allowTrailingCommas: true,
    ...schema,
  };
  return format(JSON.stringify(whole), { parser: 'json', printWidth: 100 });
}

if (process.argv[1] === import.meta.filename) {
  mkdirSync(path.dirname(schemaFile), { recursive: true });
  writeFileSync(schemaFile, await schemaText());
}
