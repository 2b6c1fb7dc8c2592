import { basename } from 'node:path';
import type { ValidateFunction } from 'ajv';
import type { TargetReport } from '../../core/validation.ts';
import type { SessionLayout } from '../../storage/layout.ts';
import { checkCounts, checkDoneUnits } from './counts.ts';
import { checkDataFiles } from './dataFiles.ts';
import { Findings } from './findings.ts';
import { fixIndex, IndexCheck } from './indexCheck.ts';
import { readJournal, type JournalFacts } from './journalPass.ts';
import { SessionSubject, type Tools } from './subject.ts';
import { Snapshots } from './snapshots.ts';

/** How a session is checked. */
export interface SessionCheckOptions {
  /** Takes the place of the collection's record schema. */
  readonly schema: ValidateFunction | undefined;
  readonly fixIndex: boolean;
}

const sessionChecks = [
  'journal',
  'ranges',
  'lines',
  'schema',
  'keys',
  'counts',
  'units',
  'checkpoints',
  'summary',
  'index',
] as const;

/**
 * Checks everything of a session: its journal, its data files, and what is derived from them. Reads only, but for the
 * index when that is to be fixed. Of a session that is being carried out, what was there when this began.
 */
export async function checkSession(
  layout: SessionLayout,
  tools: Tools,
  options: SessionCheckOptions,
): Promise<TargetReport> {
  for (;;) {
    const subject = await SessionSubject.of(layout, tools);
    const report = await checkOnce(subject, options);
    // Somebody took the session up meanwhile, and cut and mended what this was reading.
    if (report.errorCount === 0 || tools.signal.aborted || !(await subject.hasChanged()))
      return report;
  }
}

async function checkOnce(
  subject: SessionSubject,
  options: SessionCheckOptions,
): Promise<TargetReport> {
  const { layout, tools } = subject;
  const findings = new Findings(layout.session, sessionChecks);
  let facts: JournalFacts | undefined;
  let records = 0;
  try {
    tools.progress.begin(basename(layout.journal));
    facts = await checkJournal(subject, findings);
    tools.progress.add(subject.journalBytes);
    const data = await checkDataFiles(subject, findings, facts, options.schema);
    const masters = facts.view.files.filter(({ role }) => role === 'master');
    records = masters.reduce((sum, { file }) => sum + (data.lines.get(file) ?? 0), 0);
    checkCounts(subject, findings, facts, data);
    await checkDoneUnits(subject, findings, facts, data);
    if (options.fixIndex) await fixIndex(subject, findings);
  } catch (error) {
    if (!tools.signal.aborted) throw error;
    for (const name of sessionChecks) findings.skip(name, 'cancelled');
  }
  const files = facts?.view.files ?? [];
  const sizes = [layout.journal, ...files.map(({ file }) => layout.absolute(file))];
  return {
    session: layout.session,
    name: facts?.view.name ?? '',
    files: sizes,
    bytes: subject.journalBytes + files.reduce((sum, { bytes }) => sum + bytes, 0),
    records,
    ...findings.result(),
  };
}

/** The journal, and in the same pass what has to agree with it at some line. */
async function checkJournal(subject: SessionSubject, findings: Findings): Promise<JournalFacts> {
  const snapshots = await Snapshots.read(subject, findings);
  const index = await IndexCheck.begin(subject, findings);
  try {
    await subject.fixJournalEnd();
    let digest: string | undefined;
    const facts = await readJournal(subject, findings, async (entry, view) => {
      const [header] = entry.events;
      if (header?.type === 'session') digest = header.digest;
      snapshots.take(entry);
      await index.take(entry, view);
      if (snapshots.isWanted(entry.seq)) snapshots.compare(entry, view, index.groups(), digest);
    });
    index.end();
    snapshots.end(facts);
    return facts;
  } finally {
    index.close();
  }
}
