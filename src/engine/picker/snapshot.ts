import { isTag, isText, type ChildNode, type Element } from 'domhandler';
import type { PageSnapshot, SnapshotElement, SnapshotNode } from '../../core/picker.ts';
import type { HtmlDocument } from '../../sources/html/document.ts';
import { classesOf } from './compounds.ts';
import { nameKind } from './names.ts';

/** How much of a page is shown: a browser lays out as much at once without being felt. */
export interface SnapshotLimits {
  readonly elements: number;
  /** Characters of all texts together. */
  readonly characters: number;
}

const snapshotLimits: SnapshotLimits = { elements: 20_000, characters: 2_000_000 };

/** Characters of one text, and of one label. */
const maxText = 1_000;
const maxLabel = 200;

/** What acts, loads or is no content: neither it nor what is in it is shown. */
const dropped: ReadonlySet<string> = new Set([
  'script',
  'style',
  'noscript',
  'template',
  'iframe',
  'frame',
  'frameset',
  'noframes',
  'object',
  'embed',
  'applet',
  'param',
  'base',
  'source',
  'track',
  'map',
  'area',
  'portal',
  'fencedframe',
]);

/** What is shown as a word that stands for it. */
const labelled: ReadonlySet<string> = new Set([
  'img',
  'svg',
  'canvas',
  'video',
  'audio',
  'input',
  'textarea',
  'select',
  'progress',
  'meter',
]);

/** What a head says to browsers and machines, and nobody collects. */
const technicalMeta =
  /^(?:viewport|theme-color|color-scheme|generator|robots|googlebot|referrer|format-detection|msapplication.*|apple-.*|mobile-.*|csrf.*)$/i;

/** Elements that say something by their attributes when they hold no text. */
const mayBeEmpty: ReadonlySet<string> = new Set([
  'p',
  'i',
  'span',
  'b',
  'em',
  'a',
  'time',
  'data',
  'td',
  'li',
  'button',
]);

/**
 * A page as it can be shown beside our own words: a tree of texts and element names. Nothing that the page has to say on
 * how it looks, what it loads or what it does is in it, so nothing of that can come through.
 */
export function takeSnapshot(
  { root, elements }: HtmlDocument,
  limits: SnapshotLimits = snapshotLimits,
): PageSnapshot {
  const numbers = new Map(elements.map((element, n) => [element, n]));
  const taker = new SnapshotTaker(numbers, limits);
  const nodes = taker.nodes(root.children, false);
  return { nodes, elements: elements.length, isCut: taker.isCut };
}

class SnapshotTaker {
  isCut = false;
  readonly #numbers: ReadonlyMap<Element, number>;
  #elements: number;
  #characters: number;

  constructor(numbers: ReadonlyMap<Element, number>, limits: SnapshotLimits) {
    this.#numbers = numbers;
    this.#elements = limits.elements;
    this.#characters = limits.characters;
  }

  // Trees are at most `maxDepth` deep, so recursion is safe.
  nodes(children: readonly ChildNode[], keepsSpace: boolean): SnapshotNode[] {
    const nodes: SnapshotNode[] = [];
    for (const child of children) {
      if (this.isCut) break;
      if (isText(child)) {
        const text = this.#text(child.data, keepsSpace);
        if (text !== '') nodes.push(text);
      } else if (isTag(child)) {
        const element = this.#element(child, keepsSpace);
        if (element !== undefined) nodes.push(element);
      }
    }
    return nodes.every((node) => node === ' ') ? [] : nodes;
  }

  #element(element: Element, keepsSpace: boolean): SnapshotElement | undefined {
    const { name: tag } = element;
    const n = this.#numbers.get(element);
    if (n === undefined || dropped.has(tag)) return undefined;
    if (tag === 'meta' || tag === 'link') return this.#head(element, n);
    if (this.#elements <= 0) {
      this.isCut = true;
      return undefined;
    }
    this.#elements -= 1;
    if (labelled.has(tag)) return { n, tag, label: this.#label(labelOf(element)) };
    if (tag === 'br' || tag === 'hr') return { n, tag };
    const children = this.nodes(element.children, keepsSpace || tag === 'pre');
    if (children.length > 0) return { n, tag, children };
    const label = emptyLabel(element);
    if (label === undefined) {
      this.#elements += 1;
      return undefined;
    }
    return { n, tag, label: this.#label(label) };
  }

  /** What the head says about the page: description, picture, canonical address. */
  #head({ name: tag, attribs }: Element, n: number): SnapshotElement | undefined {
    const name =
      tag === 'link'
        ? attribs['rel']
        : (attribs['name'] ?? attribs['property'] ?? attribs['itemprop']);
    const value = tag === 'link' ? attribs['href'] : attribs['content'];
    if (name === undefined || value === undefined || value.trim() === '') return undefined;
    if (tag === 'meta' && technicalMeta.test(name)) return undefined;
    if (tag === 'link' && !/^(?:canonical|alternate|next|prev)$/i.test(name)) return undefined;
    return { n, tag, label: this.#label(`${name}: ${value}`) };
  }

  #text(data: string, keepsSpace: boolean): string {
    const text = keepsSpace ? data : data.replace(/\s+/g, ' ');
    const shown = text.length > maxText ? `${cutText(text, maxText)}…` : text;
    this.#characters -= shown.length;
    if (this.#characters < 0) this.isCut = true;
    return shown;
  }

  #label(text: string): string {
    const label = text.replace(/\s+/g, ' ').trim();
    const shown = label.length > maxLabel ? `${cutText(label, maxLabel)}…` : label;
    this.#characters -= shown.length;
    if (this.#characters < 0) this.isCut = true;
    return shown;
  }
}

/** The beginning of a text, without half a character at its end. */
export function cutText(text: string, length: number): string {
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, '');
}

function labelOf({ name, attribs }: Element): string {
  const said = attribs['alt'] ?? attribs['aria-label'] ?? attribs['title'] ?? '';
  if (name === 'img') {
    const { width, height } = attribs;
    const isSize = (text: string | undefined): text is string => /^\d{1,5}$/.test(text ?? '');
    const size = isSize(width) && isSize(height) ? `${width} × ${height}` : '';
    return [said, size].filter((part) => part !== '').join(', ');
  }
  if (name === 'input' || name === 'meter' || name === 'progress') {
    // What is not to be seen in the page is not to be seen here.
    if (attribs['type'] === 'password') return '';
    return attribs['value'] ?? attribs['placeholder'] ?? said;
  }
  return said;
}

/** Words for an element that holds no text but may mean something: a rating that only its class tells. */
function emptyLabel(element: Element): string | undefined {
  const { name, attribs } = element;
  const said = attribs['title'] ?? attribs['aria-label'];
  if (said !== undefined && said.trim() !== '') return said;
  const hasData = Object.keys(attribs).some(
    (attr) => attr.startsWith('data-') || attr === 'datetime' || attr === 'content',
  );
  const meant = classesOf(element).filter((one) => nameKind(one) === 'meaningful');
  if (!hasData && !(mayBeEmpty.has(name) && meant.length > 0)) return undefined;
  return [name, ...meant.slice(0, 2)].join('.');
}
