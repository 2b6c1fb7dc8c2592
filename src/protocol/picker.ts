import type { PageTrouble, TroubleAction } from './pageTrouble.ts';
import type { HtmlFieldConfig } from '../core/config/htmlSource.ts';
import type {
  AddressLook,
  FieldProposal,
  FieldTrial,
  ItemsProposal,
  OpenedPage,
  PageStudy,
  PickedCollection,
} from '../core/picker.ts';
import type { HttpSettings, JobRef } from './worker.ts';

/**
 * Requests about pages that fields are picked from. A page stays open in the worker until it is closed; the oldest one
 * goes when there are too many, and questions about it are then refused with the code `PAGE_GONE`.
 */
export interface PickerEngineRequests {
  /** Reads a page as a run of the collection would, and keeps it. */
  openPage: {
    params: JobRef & {
      workspace: string;
      /** Absolute path of the collection file. */
      file: string;
      /** The collection as it stands in the editor. */
      text: string;
      /** null takes the first page that the collection begins with. */
      url: string | null;
      http: HttpSettings;
    };
    result: OpenedPage;
  };
  closePage: { params: { page: number }; result: null };
  /** What a field would be that takes an element. */
  proposeField: {
    params: { page: number; element: number; items: string | null; taken: readonly string[] };
    result: FieldProposal;
  };
  /** What `items` would be that one or two elements stand in. */
  proposeItems: { params: { page: number; elements: readonly number[] }; result: ItemsProposal };
  /** What a field takes from the page. */
  tryField: {
    params: { page: number; field: HtmlFieldConfig; items: string | null };
    result: FieldTrial;
  };
  /** What the collection takes from the page. */
  studyPage: { params: { page: number; collection: PickedCollection }; result: PageStudy };
  /** Reads an address once, and says what a new collection could take from it. */
  lookAt: {
    params: JobRef & {
      workspace: string;
      as: 'html' | 'browser' | 'rest';
      url: string;
      http: HttpSettings;
    };
    result: AddressLook;
  };
}

/** What the picker shows beside the page. */
export interface PickerModel {
  /** The collection file as a person knows it. */
  readonly file: string;
  /** The address that was asked for; null: the collection's first. */
  readonly url: string | null;
  readonly isLoading: boolean;
  readonly trouble: PageTrouble | null;
  /** null while the file's text is no collection. */
  readonly collection: PickedCollection | null;
  /** null without a page. */
  readonly study: PageStudy | null;
}

/** What the picker's page asks of the host. */
export interface PickerPageRequests {
  /** The page is there: answers with all it needs to draw. */
  ready: { params: null; result: PickerHydration };
  /** Loads an address; null: the collection's first page. Answers at once. */
  load: { params: { readonly url: string | null }; result: null };
  stop: { params: null; result: null };
  act: { params: { readonly action: TroubleAction }; result: null };
  proposeField: { params: { readonly element: number }; result: FieldProposal };
  proposeItems: { params: { readonly elements: readonly number[] }; result: ItemsProposal };
  tryField: { params: { readonly field: HtmlFieldConfig }; result: FieldTrial };
  /** Writes a field into the file. */
  addField: { params: { readonly name: string; readonly field: HtmlFieldConfig }; result: null };
  removeField: { params: { readonly name: string }; result: null };
  /** Writes `items` into the file; null takes it out. */
  setItems: { params: { readonly selector: string | null }; result: null };
  /** Writes `record.key` into the file. */
  setKey: { params: { readonly name: string }; result: null };
}

/** What the host tells the picker's page unasked. */
export interface PickerPageEvents {
  model: PickerModel;
  /** Another page is open, or none. */
  page: OpenedPage | null;
}

/** The first answer to the page: what to show, and its words. */
export interface PickerHydration {
  readonly model: PickerModel;
  readonly page: OpenedPage | null;
  readonly strings: PickerStrings;
  /** BCP 47, for numbers. */
  readonly locale: string;
}

/** The page's words, by what they are for. */
export type PickerStrings = Readonly<Record<PickerStringKey, string>>;

export type PickerStringKey =
  | 'heading'
  | 'address'
  | 'addressHint'
  | 'load'
  | 'reload'
  | 'stop'
  | 'loading'
  | 'status'
  | 'cut'
  | 'plain'
  | 'requestFailed'
  | `action.${TroubleAction}`
  | 'pick'
  | 'pickField'
  | 'pickItems'
  | 'hintField'
  | 'hintItems'
  | 'hintSecond'
  | 'page'
  | 'pageHelp'
  | 'image'
  | 'nothingPicked'
  | 'outside'
  | 'newField'
  | 'name'
  | 'nameTaken'
  | 'nameMissing'
  | 'selector'
  | 'choices'
  | 'inItems'
  | 'inOneItem'
  | 'matchesOne'
  | 'matchesFirst'
  | 'matchesAll'
  | 'matchesNone'
  | 'listOf'
  | 'take'
  | 'text'
  | 'attribute'
  | 'as'
  | 'asText'
  | 'asNumber'
  | 'asInteger'
  | 'asBoolean'
  | 'asUrl'
  | 'asHtml'
  | 'list'
  | 'values'
  | 'addField'
  | 'replaceField'
  | 'cancel'
  | 'added'
  | 'items'
  | 'newItems'
  | 'noItems'
  | 'itemsFound'
  | 'itemsNone'
  | 'itemsNoneHere'
  | 'useItems'
  | 'clearItems'
  | 'fields'
  | 'noFields'
  | 'remove'
  | 'removeNamed'
  | 'key'
  | 'keySuggestion'
  | 'useKey'
  | 'keyRepeats'
  | 'pageFact'
  | 'noCollection';
