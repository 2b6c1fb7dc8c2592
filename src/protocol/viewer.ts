import type {
  RecordBlock,
  RecordFilter,
  RecordOrigin,
  RecordRow,
  RecordsStatus,
  RecordText,
} from '../core/records.ts';

/** What a record viewer's page asks of the host. */
export interface ViewerRequests {
  /** The page is there, and begins at these records: answers with all it needs to draw. */
  ready: { params: { first: number; count: number }; result: ViewerHydration };
  /** Records, or matches of the filter, from one on. */
  readBlock: {
    params: { first: number; count: number; isFiltered: boolean };
    result: RecordBlock;
  };
  /** One record in full, as far as a page shows it. */
  readRecord: { params: { record: number }; result: RecordText };
  /** Which unit a record came from; null where nobody knows. */
  findOrigin: { params: { record: number }; result: RecordOrigin | null };
  /** Looks for records that fit; null shows all of them again. */
  filter: { params: { filter: RecordFilter | null }; result: RecordsStatus };
  /** Puts a record into the clipboard, whole. */
  copyRecord: { params: { record: number }; result: null };
  /** Shows a record's line in the text editor. */
  revealRecord: { params: { record: number }; result: null };
  /** Opens the dashboard of the file's session. */
  openSession: { params: null; result: null };
}

/** What the host tells the page unasked. */
export interface ViewerEvents {
  /** The file, or what is known of it, has changed. */
  status: RecordsStatus;
}

/** The first answer to the page: what to show, and its words. */
export interface ViewerHydration {
  readonly status: RecordsStatus;
  readonly strings: ViewerStrings;
  /** BCP 47, for numbers and times. */
  readonly locale: string;
  /** The file's name: the page's title for a screen reader. */
  readonly name: string;
  /** The records that were asked for, as far as they could be read. */
  readonly rows: readonly RecordRow[];
}

/** What a page keeps (`setState`): where its person was. */
export interface ViewerState {
  readonly version: 1;
  readonly view: 'table' | 'json';
  readonly hasDetails: boolean;
  readonly filterText: string;
  /** The first row that is seen, which may be seen in part. */
  readonly top: number;
  /** The chosen row; null when there is none. */
  readonly selected: number | null;
}

/** The viewer's words, translated by the host. `{0}`, `{1}` stand for values. */
export type ViewerStrings = Readonly<Record<ViewerStringKey, string>>;

/** Names of the viewer's words. */
export type ViewerStringKey =
  | `label.${'records' | 'details' | 'filter' | 'goTo' | 'view' | 'record'}`
  | `hint.${'filter' | 'goTo'}`
  | `view.${'table' | 'json'}`
  | `button.${'details' | 'clearFilter' | 'cancel' | 'copy' | 'reveal' | 'newRecords' | 'openSession' | 'showAll'}`
  | `status.${
      'records' | 'oneRecord' | 'counting' | 'searching' | 'matches' | 'full' | 'uncommitted'}`
  | `session.${'master' | 'raw' | 'rejected'}`
  | `empty.${'file' | 'session' | 'filter' | 'noSelection'}`
  | `notice.${'missing' | 'missingMaster' | 'unreadable' | 'replaced' | 'lacking'}`
  | `row.${'bad' | 'blank' | 'long' | 'loading' | 'moreFields'}`
  | `origin.${'unit' | 'group' | 'time' | 'commit' | 'unknown' | 'adopted' | 'none' | 'loading'}`
  | `detail.${'title' | 'size' | 'cut' | 'bad' | 'blank' | 'loading' | 'items'}`
  | `goTo.${'none' | 'later'}`
  | 'copied'
  | 'column.record'
  | 'column.json'
  | 'requestFailed';
