/** What an earlier system's data turned out to be. */
export type EarlierData =
  | 'compute-forecast-state'
  | 'reply-guyd-master'
  | 'reply-guyd-checkpoint-data'
  | 'glider-config'
  | 'glider-run';

/** What importing an earlier system's data came to. */
export interface ImportReport {
  readonly kind: EarlierData;
  /** Absolute path of what was read. It is never changed. */
  readonly from: string;
  /** Sessions that were made. */
  readonly sessions: readonly {
    readonly session: string;
    readonly name: string;
    readonly records: number;
    readonly unitsDone: number;
    readonly unitsToDo: number;
  }[];
  /** Absolute paths of files that were made: collection files, masters. */
  readonly files: readonly string[];
  /** What was carried over, in words with counts: "2 venues are done". */
  readonly carriedOver: readonly string[];
  /** What could not be, each with its reason: "interactions[2] (hover): the html source does not click". */
  readonly notCarriedOver: readonly { readonly what: string; readonly why: string }[];
  /** Worth knowing: a checksum that does not fit, a torn last line. */
  readonly warnings: readonly string[];
}
