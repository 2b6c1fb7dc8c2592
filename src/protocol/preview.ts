import type { PageTrouble, TroubleAction } from './pageTrouble.ts';
import type { PreviewFailure, PreviewNote, PreviewOutcome } from '../core/preview.ts';
import type { HttpSettings, JobRef } from './worker.ts';

/** The engine's requests about previews. */
export interface PreviewRequests {
  /**
   * Carries out one unit of a collection as it stands in the editor, and writes nothing. Cancelled as a job: the request
   * then rejects.
   */
  preview: {
    params: JobRef & {
      workspace: string;
      /** Absolute path of the collection file. */
      file: string;
      /** What stands in the editor. */
      text: string;
      /** Key of a unit, or an address; null chooses the first one. */
      unit: string | null;
      /** Take the items that an earlier session has kept: calls nobody. */
      fromEarlier: boolean;
      http: HttpSettings;
    };
    result: PreviewOutcome;
  };
}

/** What a preview's page offers to do about what is in its way. */
export type PreviewAction = TroubleAction | 'previewEarlier';

/** What is in the way of a preview. */
export type PreviewTrouble = PageTrouble<PreviewAction>;

/** What a preview's page shows. */
export interface PreviewModel {
  /** The collection file as a person knows it. */
  readonly file: string;
  readonly isRunning: boolean;
  /** Counts the previews that have come to something, or to nothing: what is shown is another then. */
  readonly revision: number;
  /** What a person asked for; null: the first unit. */
  readonly unit: string | null;
  /** What came of the last preview that ended; null before. */
  readonly outcome: PreviewOutcome | null;
  readonly trouble: PreviewTrouble | null;
  /** The collection has changed since. */
  readonly isStale: boolean;
}

/** What a preview's page asks of the host. */
export interface PreviewPageRequests {
  /** The page is there: answers with all it needs to draw. */
  ready: { params: null; result: PreviewHydration };
  /** Previews a unit, by its key or address; null: the first one. Answers at once. */
  run: { params: { readonly unit: string | null }; result: null };
  stop: { params: null; result: null };
  act: { params: { readonly action: PreviewAction }; result: null };
  /** Shows where a field stands in the file. */
  showField: { params: { readonly field: string }; result: null };
}

/** What the host tells a preview's page unasked. */
export interface PreviewPageEvents {
  model: PreviewModel;
}

/** The first answer to the page: what to show, and its words. */
export interface PreviewHydration {
  readonly model: PreviewModel;
  readonly strings: PreviewStrings;
  /** BCP 47, for numbers and times. */
  readonly locale: string;
  /** What the page keeps for a reload of the window. */
  readonly state: PreviewState;
}

/** What a page remembers of itself. */
export interface PreviewState {
  readonly version: 1;
  /** URI of the collection file. */
  readonly uri: string;
}

/** The page's words, by what they are for. */
export type PreviewStrings = Readonly<Record<PreviewStringKey, string>>;

export type PreviewStringKey =
  | 'heading'
  | 'address'
  | 'addressHint'
  | 'run'
  | 'runAgain'
  | 'stop'
  | 'running'
  | 'idle'
  | 'stale'
  | 'nothingWritten'
  | 'fromSession'
  | 'status'
  | 'oneRequest'
  | 'requests'
  | 'seconds'
  | 'milliseconds'
  | 'requestFailed'
  | `action.${PreviewAction}`
  | `failure.${PreviewFailure['kind']}`
  | `note.${PreviewNote}`
  | 'price.request'
  | 'price.run'
  | 'price.earlier'
  | 'price.none'
  | 'steps'
  | 'step'
  | 'fields'
  | 'field'
  | 'rule'
  | 'matches'
  | 'filled'
  | 'values'
  | 'nothing'
  | 'nothingAnywhere'
  | 'noItems'
  | 'noItemsFor'
  | 'oneItem'
  | 'items'
  | 'wholeItem'
  | 'isKey'
  | 'keyIs'
  | 'records'
  | 'recordsShown'
  | 'noRecords'
  | 'duplicates'
  | 'cut'
  | 'rejected'
  | 'reason'
  | 'next'
  | 'found'
  | 'foundMore'
  | 'foundNone'
  | 'end'
  | 'cursor'
  | 'preview'
  | 'warnings'
  | 'showField';
