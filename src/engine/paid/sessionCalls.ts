import type { PaidCall } from '../../core/paidCall.ts';
import type { FileSystem } from '../../storage/fileSystem.ts';
import { journalStart } from '../../storage/journal.ts';
import { scanJournal } from '../../storage/journalReader.ts';
import type { SessionLayout } from '../../storage/layout.ts';
import { CallTable } from './callTable.ts';

/** Every call of a session that costs money, oldest first, as its journal has them. Takes no lock. */
export async function sessionCalls(
  fileSystem: FileSystem,
  layout: SessionLayout,
): Promise<PaidCall[]> {
  const calls = new CallTable();
  await scanJournal(fileSystem, layout.journal, journalStart, ({ at, events }) => {
    for (const event of events) calls.add(event, at);
  });
  return calls.all();
}
