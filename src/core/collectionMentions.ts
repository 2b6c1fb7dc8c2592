import { findNodeAtLocation, parseTree, type JSONPath, type Node } from 'jsonc-parser';
import { position, type TextPlace } from './collectionPlaces.ts';

/** A text of the collection, with where it stands. */
export interface Mention extends TextPlace {
  readonly text: string;
}

/**
 * What a collection's text names, whether or not it is right: what can be said while it is being written. Comments and
 * trailing commas are read over, and so is what is not finished.
 */
export interface CollectionMentions {
  readonly name: Mention | undefined;
  /** Start of the files' names, where it is given. */
  readonly prefix: Mention | undefined;
  readonly outputDir: string | undefined;
  readonly sourceType: string | undefined;
  /** The source of another extension: "publisher.extension/name". */
  readonly extensionId: Mention | undefined;
  /** `source.fields`, as the word is written; the place is that of the word. */
  readonly fieldsKey: TextPlace | undefined;
  readonly fields: readonly Mention[];
  /** The names of `source.for`. */
  readonly forNames: readonly string[];
  /** Every `${secret:NAME}`: its NAME, and where the whole stands. */
  readonly secrets: readonly Mention[];
}

const secret = /\$\{secret:([^}"]+)\}/g;

/** Reads what a collection's text names. */
export function mentionsOf(text: string): CollectionMentions {
  const tree = parseTree(text, [], { allowTrailingComma: true });
  const at = (...path: JSONPath): Node | undefined =>
    tree === undefined ? undefined : findNodeAtLocation(tree, path);
  const mention = (node: Node | undefined): Mention | undefined =>
    node?.type === 'string'
      ? { text: String(node.value), ...position(text, node.offset, node.length) }
      : undefined;
  const keysOf = (node: Node | undefined): Node[] =>
    node?.type === 'object'
      ? (node.children ?? []).flatMap((property) => property.children?.[0] ?? [])
      : [];
  const fields = at('source', 'fields');
  const fieldsKey = fields?.parent?.children?.[0];
  return {
    name: mention(at('name')),
    prefix: mention(at('output', 'prefix')),
    outputDir: mention(at('output', 'dir'))?.text,
    sourceType: mention(at('source', 'type'))?.text,
    extensionId: mention(at('source', 'id')),
    fieldsKey:
      fieldsKey === undefined ? undefined : position(text, fieldsKey.offset, fieldsKey.length),
    fields: keysOf(fields).flatMap((key) => mention(key) ?? []),
    forNames: keysOf(at('source', 'for')).map((key) => String(key.value)),
    secrets: secretsBelow(text, at('source')),
  };
}

function secretsBelow(text: string, node: Node | undefined): Mention[] {
  if (node === undefined) return [];
  if (node.type !== 'string') return (node.children ?? []).flatMap((c) => secretsBelow(text, c));
  const written = text.slice(node.offset, node.offset + node.length);
  return [...written.matchAll(secret)].map((match) => ({
    text: match[1] ?? '',
    ...position(text, node.offset + match.index, match[0].length),
  }));
}
