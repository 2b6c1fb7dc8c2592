import { FaultError, UsageError } from '../core/errors.ts';
import { journalFormat, type SessionEvent } from '../core/events.ts';
import { readHeader } from './journalReader.ts';
import type { SessionLayout } from './layout.ts';
import type { StoragePorts } from './sessionStore.ts';

/** What the journal's header says of a session. @throws when there is none that can be read. */
export async function readSessionHeader(
  ports: Pick<StoragePorts, 'fileSystem'>,
  layout: SessionLayout,
): Promise<SessionEvent> {
  const header = (await readHeader(ports.fileSystem, layout.journal))?.events[0];
  if (header?.type !== 'session') {
    throw new FaultError(
      'JOURNAL_HEADER_DAMAGED',
      `The first line of ${layout.journal} can't be read, so it is not known what the session collects. ` +
        'Its master is untouched: cf-collect adopt MASTER --collection FILE makes a session of it that goes on.',
      { file: layout.journal },
    );
  }
  if (header.format > journalFormat) {
    throw new UsageError(
      'JOURNAL_TOO_NEW',
      `${layout.journal} has format ${header.format}; this version reads up to ${journalFormat}. Update CF Collector.`,
      { file: layout.journal, format: header.format },
    );
  }
  return header;
}
