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
