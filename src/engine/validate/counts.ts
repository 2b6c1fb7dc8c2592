import { unitStates } from '../../core/unit.ts';
import type { FileRole } from '../../core/events.ts';
import type { DataFacts } from './dataFiles.ts';
import type { Findings } from './findings.ts';
import { entriesAgain, type JournalFacts } from './journalPass.ts';
import type { SessionSubject } from './subject.ts';

/** Compares every count that a screen shows with a recount of the files and of the journal's events. */
export function checkCounts(
  subject: SessionSubject,
  findings: Findings,
  { view, units, hasGaps }: JournalFacts,
  { lines }: DataFacts,
): void {
  const compare = (what: string, counted: number, found: number, file: string): void => {
    findings.checked('counts');
    if (counted === found) return;
    findings.add('counts', 'error', 'COUNT_DIFFERS', { file }, () => {
      return `The session counts ${counted} ${what}, a recount gives ${found}.`;
    });
  };
  const { layout } = subject;
  for (const file of view.files) {
    const found = lines.get(file.file);
    if (found !== undefined) compare('lines', file.lines, found, layout.absolute(file.file));
  }
  const recount = (role: FileRole): number =>
    view.files
      .filter((f) => f.role === role)
      .reduce((sum, { file }) => sum + (lines.get(file) ?? 0), 0);
  compare('records', view.records, recount('master'), layout.journal);
  compare('rejected records', view.rejected, recount('rejected'), layout.journal);
  if (view.duplicates < 0) compare('duplicates', view.duplicates, 0, layout.journal);
  if (hasGaps) {
    findings.skip('units', 'lines of the journal are lost, and with them what they said of units');
    return;
  }
  const counts = units.counts();
  findings.checked('units', view.unitTotal);
  for (const state of unitStates) {
    const what = `units ${state.replace('_', ' ')}`;
    compare(what, view.units[state], counts[state], layout.journal);
  }
}

/** How many units a finding names. */
const maxNamed = 5;

/** Units that are called done although records of theirs are gone. */
export async function checkDoneUnits(
  subject: SessionSubject,
  findings: Findings,
  facts: JournalFacts,
  { lostByUnit }: DataFacts,
): Promise<void> {
  const bereft = [...lostByUnit.keys()].filter((unit) => facts.units.stateOf(unit) === 'done');
  if (bereft.length === 0) return;
  const lost = bereft.reduce((sum, unit) => sum + (lostByUnit.get(unit) ?? 0), 0);
  const named = await keysOf(subject, facts, new Set(bereft.slice(0, maxNamed)));
  const rest = bereft.length > named.length ? ` and ${bereft.length - named.length} more` : '';
  const file = subject.layout.journal;
  findings.add('units', 'error', 'UNIT_WITHOUT_RECORDS', { file }, () => {
    return `${bereft.length} done ${bereft.length === 1 ? 'unit lacks' : 'units lack'} ${lost} records that were committed for them: ${named.join(', ')}${rest}. Resume the session: they are collected again, unless the file was edited; then undo the edit first.`;
  });
}

/** The keys of some units, by their numbers. */
async function keysOf(
  subject: SessionSubject,
  facts: JournalFacts,
  wanted: ReadonlySet<number>,
): Promise<string[]> {
  const keys: string[] = [];
  for await (const { events } of entriesAgain(subject, facts)) {
    for (const event of events) {
      if (event.type !== 'units') continue;
      for (const unit of wanted) {
        const item = event.items[unit - event.first];
        if (item !== undefined) keys.push(item.key);
      }
    }
    if (keys.length === wanted.size) break;
  }
  return keys;
}
