import type {
  RecordBlock,
  RecordFilter,
  RecordOrigin,
  RecordsStatus,
  RecordText,
} from '../core/records.ts';
import type { SessionRef } from './worker.ts';

/** Requests of a record viewer: it looks at one file of JSON lines, of any size, and changes nothing. */
export interface RecordRequests {
  /**
   * Begins to look at a file. Its lines are counted beside other work; what is known so far, `lookAtRecords` tells.
   * One that is not there is looked at, too: it may come.
   */
  openRecords: {
    params: RecordsRef & {
      /** Absolute path. */
      file: string;
      /** The session that writes it, or has written it: only what its journal has committed is shown. */
      session: SessionRef | null;
    };
    result: RecordsStatus;
  };
  /** How the file is now. */
  lookAtRecords: { params: RecordsRef; result: RecordsStatus };
  /** Consecutive records, or matches of the filter: fewer at the end, and where more bytes are not read at once. */
  readRecords: {
    params: RecordsRef & {
      /** Of the records, or of the matches; from 0. */
      first: number;
      count: number;
      isFiltered: boolean;
    };
    result: RecordBlock;
  };
  /** One record in full, up to so many bytes. */
  readRecord: {
    params: RecordsRef & { record: number; maxBytes: number };
    result: RecordText;
  };
  /** Which unit a record came from; null where its session's journal does not say it. */
  findOrigin: { params: RecordsRef & { record: number }; result: RecordOrigin | null };
  /** Begins to look for records that fit, from the first one on; null ends that. */
  filterRecords: { params: RecordsRef & { filter: RecordFilter | null }; result: RecordsStatus };
  /** Ends it all. */
  closeRecords: { params: RecordsRef; result: null };
}

/** Names a viewer. */
export interface RecordsRef {
  /** Chosen by the asker. */
  readonly viewer: string;
}
