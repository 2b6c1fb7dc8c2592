import { basename } from 'node:path';
import type { ValidateFunction } from 'ajv';
import { collectionSchema, type Collection } from '../../core/config.ts';
import { provenanceFields } from '../../core/keys.ts';
import { recordKeysOf, type RecordKeys } from '../../core/recordKeys.ts';
import type { FileView } from '../../core/view.ts';
import { FileWindow } from '../../storage/fileWindow.ts';
import { compileRecordSchema } from '../prepare.ts';
import { DataFileCheck, type NamedRange } from './dataFile.ts';
import type { Findings } from './findings.ts';
import { entriesAgain, type JournalFacts } from './journalPass.ts';
import { LineChecker } from './lineChecker.ts';
import { RawPageCheck } from './rawPages.ts';
import type { SessionSubject } from './subject.ts';

/** What the data files were found to hold. */
export interface DataFacts {
  /** Good lines by file, as the journal names it. */
  readonly lines: ReadonlyMap<string, number>;
  /** Records that are not there any more, by the unit that brought them. */
  readonly lostByUnit: ReadonlyMap<number, number>;
}

/** Reads every data file of a session, led by the journal: each range, each line, each key. */
export async function checkDataFiles(
  subject: SessionSubject,
  findings: Findings,
  facts: JournalFacts,
  schema: ValidateFunction | undefined,
): Promise<DataFacts> {
  const rules = await recordRules(findings, facts, schema);
  const rawPages = new RawPageCheck(findings);
  const checks = new Map<string, DataFileCheck>();
  const windows: FileWindow[] = [];
  try {
    for (const view of facts.view.files) {
      const raw = view.role === 'raw' ? rawPages : undefined;
      const opened = await openFile(subject, findings, facts, view, rules, raw);
      if (opened === undefined) {
        raw?.miss();
        continue;
      }
      windows.push(opened.window);
      checks.set(view.file, opened.check);
    }
    await followJournal(subject, facts, checks, rawPages);
    for (const check of checks.values()) await check.end();
  } finally {
    for (const window of windows) await window.close();
  }
  const lostByUnit = new Map<number, number>();
  for (const check of checks.values()) {
    for (const [unit, lost] of check.lostByUnit) {
      lostByUnit.set(unit, (lostByUnit.get(unit) ?? 0) + lost);
    }
  }
  const lines = [...checks].map(([file, check]): [string, number] => [file, check.lines]);
  return { lines: new Map(lines), lostByUnit };
}

async function followJournal(
  subject: SessionSubject,
  facts: JournalFacts,
  checks: ReadonlyMap<string, DataFileCheck>,
  rawPages: RawPageCheck,
): Promise<void> {
  const { layout, tools } = subject;
  const { progress } = tools;
  for await (const { seq, events } of entriesAgain(subject, facts)) {
    for (const event of events) {
      const named: NamedRange[] =
        event.type === 'committed'
          ? event.ranges.map((range) => ({ range, seq, tallies: event.units }))
          : event.type === 'adopted'
            ? [{ range: event.range, seq, tallies: [] }]
            : [];
      for (const one of named) {
        progress.begin(basename(one.range.file));
        await checks.get(one.range.file)?.check(one);
        progress.add(one.range.bytes);
      }
    }
    for (const event of events) {
      if (event.type === 'answered') rawPages.answered(event, layout.journal, seq + 1);
    }
  }
}

interface RecordRules {
  readonly validate: ValidateFunction | undefined;
  readonly recordKeys: RecordKeys | undefined;
  readonly addedFields: readonly string[];
}

/** What the collection says of its records. */
async function recordRules(
  findings: Findings,
  { header }: JournalFacts,
  schema: ValidateFunction | undefined,
): Promise<RecordRules> {
  const collection = collectionOf(header?.collection);
  if (collection === undefined) {
    findings.skip('keys', 'the journal does not say what the session collects');
    if (schema === undefined)
      findings.skip('schema', 'the journal does not say what the session collects');
    return { validate: schema, recordKeys: undefined, addedFields: [] };
  }
  const addedFields = collection.output.provenance ? provenanceFields : [];
  const recordKeys = recordKeysOf(collection);
  if (schema !== undefined) return { validate: schema, recordKeys, addedFields };
  if (collection.record.schema === undefined) {
    findings.skip('schema', 'the collection has no record schema');
    return { validate: undefined, recordKeys, addedFields };
  }
  return { validate: await compileRecordSchema(collection.record.schema), recordKeys, addedFields };
}

function collectionOf(json: unknown): Collection | undefined {
  const parsed = collectionSchema.safeParse(json);
  return parsed.success ? parsed.data : undefined;
}

async function openFile(
  subject: SessionSubject,
  findings: Findings,
  facts: JournalFacts,
  view: FileView,
  rules: RecordRules,
  rawPages: RawPageCheck | undefined,
): Promise<{ window: FileWindow; check: DataFileCheck } | undefined> {
  const path = subject.layout.absolute(view.file);
  if ((await subject.tools.fileSystem.status(path)) === undefined) {
    findings.add('ranges', 'error', 'DATA_FILE_MISSING', { file: path }, () => {
      return `The ${view.role} file is not there, with ${view.lines} lines. Put it back; or resume the session: what it held is collected again.`;
    });
    return undefined;
  }
  const window = await FileWindow.open(subject.tools.fileSystem, path);
  const isMaster = view.role === 'master';
  const checker = new LineChecker(findings, {
    file: path,
    validate: isMaster ? rules.validate : undefined,
    addedFields: rules.addedFields,
    isLenient: false,
  });
  const recordKeys = isMaster ? rules.recordKeys : undefined;
  const size = await window.size();
  const parts = { subject, findings, facts, view, window, size, checker, recordKeys, rawPages };
  return { window, check: new DataFileCheck(parts) };
}
