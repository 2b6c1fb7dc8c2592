import type { Logger } from '../core/ports.ts';
import type { JournalEntry } from '../core/view.ts';

/** Writes to the log what a person would look for there: errors, ends, and what the session itself did. */
export function logJournal(logger: Logger, entries: readonly JournalEntry[]): void {
  for (const { seq, events } of entries) {
    for (const event of events) {
      switch (event.type) {
        case 'finished':
          if (event.error)
            logger.warn({ seq, unit: event.unit, ...event.error }, `Unit ${event.state}`);
          break;
        case 'requeued':
          if (event.error)
            logger.info(
              { seq, unit: event.unit, attempts: event.attempts, ...event.error },
              `Unit ${event.reason}`,
            );
          break;
        case 'imported':
        case 'recovered':
        case 'opened':
        case 'paused':
        case 'resumed':
        case 'stopped':
        case 'completed':
        case 'file': {
          const { type, ...fields } = event;
          logger.info({ seq, ...fields }, `Session ${type}`);
          break;
        }
        default:
          // Claims, commits and cursors are in the journal itself; here they would only bury the rest.
          break;
      }
    }
  }
}
