import type { Collection } from '../core/config.ts';
import { readCollectionText } from '../core/collectionText.ts';
import { ConfigError, messageOf, type Problem } from '../core/errors.ts';
import { suggest } from '../sources/forValues/checkNames.ts';
import { checkSource, doubtRuleOf } from '../sources/registry.ts';
import { readUserFile } from '../storage/workspaceFiles.ts';
import { compileRecordSchema } from './prepare.ts';

/**
 * Reads and checks a collection file: its form, and what only its parts know (selectors, expressions, templates, the
 * record schema).
 *
 * @param root what paths in it are relative to: files that it names are looked at, too. Left out for a session that goes
 * on, which may be through with them.
 * @throws ConfigError that lists everything wrong with line and column; UsageError when the file can't be read.
 */
export async function loadCollection(file: string, root?: string): Promise<Collection> {
  return readCollection(await readUserFile(file), file, root);
}

/** As {@link loadCollection}, of a text that need not stand in the file yet. */
export async function readCollection(
  text: string,
  file: string,
  root?: string,
): Promise<Collection> {
  const read = readCollectionText(text, file);
  const { collection } = read;
  const problems = [
    ...(await checkSource(collection.source, root)),
    ...(await checkRecord(collection)),
    ...checkRaw(collection),
  ];
  if (problems.length > 0) throw new ConfigError(file, read.locate(problems));
  return collection;
}

function checkRaw(collection: Collection): Problem[] {
  if (collection.output.raw !== false || doubtRuleOf(collection) === undefined) return [];
  const message =
    'Calls of this source cost money, so what they bring is always kept: it is what records are made of after a crash, and mapped again from. Leave this out.';
  return [{ code: 'RAW_NEEDED', message, path: 'output.raw' }];
}

async function checkRecord({ record, source, limits }: Collection): Promise<Problem[]> {
  const problems: Problem[] = [];
  if (record.schema !== undefined) {
    try {
      await compileRecordSchema(record.schema);
    } catch (error) {
      problems.push({
        code: 'CONFIG_BAD_SCHEMA',
        message: `Not a JSON Schema: ${messageOf(error)}.`,
        path: 'record.schema',
      });
    }
  }
  const fields = 'fields' in source ? source.fields : undefined;
  if (fields === undefined) return problems;
  const check = (name: string, path: string): void => {
    if (Object.hasOwn(fields, name) || Object.hasOwn(fields, name.split('.')[0] ?? '')) return;
    const known = Object.keys(fields);
    const message = `"${name}" is not a field of the record; there are ${known.join(', ')}.`;
    problems.push({ code: 'CONFIG_UNKNOWN_FIELD', message, path, ...suggest(name, known) });
  };
  record.key?.forEach((name, i) => {
    check(name, `record.key.${i}`);
  });
  if (limits.perKey !== undefined) check(limits.perKey.field, 'limits.perKey.field');
  return problems;
}
