import type { FailureGroup, SessionHistory } from '../core/history.ts';
import type { SessionRef } from './worker.ts';

/** Requests about what has become of a session, read from its journal: of one that runs, too. */
export interface HistoryRequests {
  /** How a session went, from its birth to its last journal line. */
  readHistory: { params: SessionRef; result: SessionHistory };
  /** Its failed units, by what they failed of; the largest group first. */
  groupFailures: { params: SessionRef; result: readonly FailureGroup[] };
}
