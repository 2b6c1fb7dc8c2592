import { Comment, Document, Element, Text, type ChildNode, type ParentNode } from 'domhandler';
import { Parser } from 'htmlparser2';
import { UnitFailedError } from '../../core/errors.ts';

/**
 * How deep elements with content may nest. Those inside are leaves, and their content follows them, much as in
 * browsers: everything that walks a tree can recurse, and no page makes parsing quadratic.
 */
export const maxDepth = 512;

/** Most nodes of one page: half a gigabyte at worst. A page of 32 MB that is nothing but tags would take three. */
export const maxNodes = 2_000_000;

/** A parsed page: its tree, and its elements in document order. */
export interface HtmlDocument {
  readonly root: Document;
  /** Every element except those inside `<template>`, which selectors do not see. */
  readonly elements: readonly Element[];
  /** The same by their names. */
  readonly byTag: ReadonlyMap<string, readonly Element[]>;
}

/**
 * Parses a page, however malformed.
 *
 * @throws UnitFailedError when it has more than {@link maxNodes} nodes.
 */
export function parseHtml(text: string): HtmlDocument {
  const builder = new TreeBuilder();
  new DepthLimitedParser(builder).end(text);
  return builder;
}

/**
 * Builds the tree. In place of htmlparser2's own handler for three reasons: that one has no index of the elements (a
 * search of the tree for each selector costs a third of the parse), no limits, and takes twice as long.
 */
class TreeBuilder implements HtmlDocument {
  readonly root = new Document([]);
  readonly elements: Element[] = [];
  readonly byTag = new Map<string, Element[]>();
  readonly #open: ParentNode[] = [this.root];
  #parent: ParentNode = this.root;
  /** The text that the next one continues. */
  #text: Text | null = null;
  #nodes = 0;
  #templates = 0;

  /** How many elements are open. */
  get depth(): number {
    return this.#open.length - 1;
  }

  onopentag(name: string, attributes: Record<string, string>): void {
    const element = new Element(name, attributes);
    this.#append(element);
    this.#open.push(element);
    this.#parent = element;
    if (this.#templates === 0) this.#index(name, element);
    if (name === 'template') this.#templates += 1;
  }

  onclosetag(name: string): void {
    this.#text = null;
    this.#open.pop();
    this.#parent = this.#open.at(-1) ?? this.root;
    if (name === 'template') this.#templates -= 1;
  }

  ontext(data: string): void {
    if (this.#text !== null) {
      this.#text.data += data;
      return;
    }
    const text = new Text(data);
    this.#append(text);
    this.#text = text;
  }

  oncomment(data: string): void {
    this.#append(new Comment(data));
  }

  #append(node: ChildNode): void {
    this.#nodes += 1;
    if (this.#nodes > maxNodes) {
      throw new UnitFailedError(
        'PAGE_TOO_COMPLEX',
        `The page has more than ${maxNodes.toLocaleString('en')} elements and texts.`,
        { maxNodes },
      );
    }
    this.#text = null;
    const siblings = this.#parent.children;
    const previous = siblings.length === 0 ? undefined : siblings[siblings.length - 1];
    if (previous !== undefined) {
      node.prev = previous;
      previous.next = node;
    }
    node.parent = this.#parent;
    siblings.push(node);
  }

  #index(name: string, element: Element): void {
    this.elements.push(element);
    const same = this.byTag.get(name);
    if (same === undefined) this.byTag.set(name, [element]);
    else same.push(element);
  }
}

/** An element that would be too deep is treated as one that has no content (`<br>`): what is in it follows it. */
class DepthLimitedParser extends Parser {
  readonly #builder: TreeBuilder;
  #tooDeep = false;
  #closing = false;

  constructor(builder: TreeBuilder) {
    super(builder);
    this.#builder = builder;
  }

  override onopentagname(start: number, endIndex: number): void {
    this.#tooDeep = this.#builder.depth >= maxDepth;
    super.onopentagname(start, endIndex);
  }

  override onclosetag(start: number, endIndex: number): void {
    this.#closing = true;
    super.onclosetag(start, endIndex);
    this.#closing = false;
  }

  override isVoidElement(name: string): boolean {
    return (this.#tooDeep && !this.#closing) || super.isVoidElement(name);
  }
}
