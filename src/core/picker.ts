import type { HtmlFieldConfig } from './config/htmlSource.ts';

/** A page as it is shown for picking: what it says, without anything that could act, load or dress up. */
export interface PageSnapshot {
  readonly nodes: readonly SnapshotNode[];
  /** Elements of the whole page. */
  readonly elements: number;
  /** Whether the page has more than is shown. */
  readonly isCut: boolean;
}

/** A text, or an element of a {@link PageSnapshot}. */
export type SnapshotNode = string | SnapshotElement;

/** An element as it is shown. None of its attributes comes along but as words in `label`. */
export interface SnapshotElement {
  /** Its place among all elements of the page, from 0: its name in every question about it. */
  readonly n: number;
  readonly tag: string;
  /** Stands for what is not shown: an image's description, a field's content. */
  readonly label?: string;
  readonly children?: readonly SnapshotNode[];
}

/** One way to select what was picked. */
export interface SelectorChoice {
  readonly selector: string;
  /** Elements that it matches: on the page, or in the picked element's own item. */
  readonly matches: number;
  /** Items in which it matches something; null without items. */
  readonly itemsWith: number | null;
  /**
   * `one`: the picked element alone. `first`: others too, but the picked one is what a field takes. `list`: others come
   * first, so that only a list has the picked one.
   */
  readonly takes: 'one' | 'first' | 'list';
}

/** What a picked element can be collected by. */
export interface FieldProposal {
  /** Best first; empty when it can't be had: it stands outside of the items. */
  readonly choices: readonly SelectorChoice[];
  /** A name for the field that no other one has. */
  readonly name: string;
  /** The attribute to take; null takes the text. */
  readonly attr: string | null;
  readonly as: FieldType | null;
  /** The element's own attributes, values shortened. */
  readonly attributes: readonly { readonly name: string; readonly value: string }[];
  /** Where the element stands: `article.product_pod`, `p`. */
  readonly path: readonly string[];
}

/** What a text can be made into. */
export type FieldType = NonNullable<Exclude<HtmlFieldConfig, string>['as']>;

/** One way to select the items of a page. */
export interface ItemsChoice {
  readonly selector: string;
  readonly matches: number;
}

/** What several picked elements can be items by. */
export interface ItemsProposal {
  /** Best first; empty when what was picked stands in nothing that repeats. */
  readonly choices: readonly ItemsChoice[];
}

/** What a field takes from the page. */
export interface FieldTrial {
  /** Elements that it matches on the page, or in all items. */
  readonly matches: number;
  /** Items in which it gives a value; null without items. */
  readonly itemsWith: number | null;
  /** The first values as JSON, shortened. */
  readonly values: readonly string[];
  /** Elements that it takes, by their place; at most some thousands. */
  readonly elements: readonly number[];
  /** What is wrong with it; null when nothing is. */
  readonly problem: string | null;
}

/** What a collection takes from the page. */
export interface PageStudy {
  /** null without `items`. */
  readonly items: ItemsStudy | null;
  readonly fields: Readonly<Record<string, FieldTrial>>;
  /** A field of which each item has another value, and `record.key` has none yet; null when there is none. */
  readonly keySuggestion: string | null;
  /** Items whose key another item has, too; null without key or items. */
  readonly keyRepeats: number | null;
}

/** What `items` selects. */
export interface ItemsStudy {
  readonly selector: string;
  readonly matches: number;
  readonly elements: readonly number[];
  readonly problem: string | null;
}

/** What the picking of fields needs to know of a collection. */
export interface PickedCollection {
  readonly items: string | null;
  readonly fields: Readonly<Record<string, HtmlFieldConfig>>;
  readonly key: readonly string[] | null;
}

/** What is known of a page that was opened. */
export interface OpenedPage {
  /** Its name among the pages that are open. */
  readonly page: number;
  /** The address that answered. */
  readonly url: string;
  readonly status: number;
  readonly title: string;
  readonly bytes: number;
  readonly snapshot: PageSnapshot;
}

/** What an address holds, as far as a new collection can be made of it. */
export interface AddressLook {
  /** The address that answered. */
  readonly url: string;
  readonly title: string;
  readonly items: string | null;
  /** Matches of `items`. */
  readonly count: number;
  readonly fields: readonly GuessedField[];
  readonly key: readonly string[] | null;
  /** How the next pages are had; null when nothing says so. For `rest`, its `paginate`; for pages, `follow` selectors. */
  readonly paginate: Readonly<Record<string, string | number>> | null;
  readonly follow: readonly string[];
}

/** A field that a page or an answer seems to have. */
export interface GuessedField {
  readonly name: string;
  readonly field: HtmlFieldConfig;
  /** Its first value, shortened. */
  readonly sample: string;
}
