import { distance } from 'fastest-levenshtein';
import { parse, parseTree, printParseErrorCode, type ParseError } from 'jsonc-parser';
import type { z } from 'zod';
import { placeOf, position } from './collectionPlaces.ts';
import { collectionFileSchema, type Collection } from './config.ts';
import { ConfigError, type Problem } from './errors.ts';

/** A collection file's text with its meaning and the means to say where something stands in it. */
export interface CollectionText {
  readonly collection: Collection;
  /** Adds the place in the file to problems that were found in the checked collection. */
  locate(problems: readonly Problem[]): Problem[];
}

/**
 * Reads a collection file's text: JSON with comments and trailing commas.
 *
 * @param file only named in errors.
 * @throws ConfigError that lists everything wrong at once, each with line and column.
 */
export function readCollectionText(text: string, file: string): CollectionText {
  const errors: ParseError[] = [];
  const options = { allowTrailingComma: true };
  const value: unknown = parse(text, errors, options);
  const tree = parseTree(text, [], options);
  if (errors.length > 0 || tree === undefined) {
    throw new ConfigError(
      file,
      errors.length === 0
        ? [{ code: 'CONFIG_EMPTY', message: 'The file is empty.', path: '', line: 1, column: 1 }]
        : errors.map((error) => ({
            code: 'CONFIG_SYNTAX',
            message: `Not valid JSON: ${printParseErrorCode(error.error)}.`,
            path: '',
            ...position(text, error.offset, error.length),
          })),
    );
  }
  const result = collectionFileSchema.safeParse(value);
  const locate = (problems: readonly Problem[]): Problem[] =>
    problems.map((problem) => {
      const isAboutKey = problem.code === 'CONFIG_UNKNOWN_KEY';
      return { ...problem, ...placeOf(text, tree, problem.path, isAboutKey) };
    });
  if (!result.success)
    throw new ConfigError(
      file,
      locate(result.error.issues.flatMap((issue) => toProblems(issue, value))),
    );
  return { collection: result.data, locate };
}

function toProblems(issue: z.core.$ZodIssue, value: unknown): Problem[] {
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      code: 'CONFIG_UNKNOWN_KEY',
      message: 'Unknown key.',
      path: path === '' ? key : `${path}.${key}`,
      ...suggest(key, knownKeysAt(issue.path, value)),
    }));
  }
  if (issue.code === 'invalid_union') {
    // The branch that got furthest is what the person meant.
    const branches = issue.errors
      .map((errors) =>
        errors.flatMap((e) => toProblems({ ...e, path: [...issue.path, ...e.path] }, value)),
      )
      .sort((a, b) => depth(b) - depth(a));
    const best = branches[0];
    if (best !== undefined && best.length > 0 && depth(best) > issue.path.length) return best;
    if ('discriminator' in issue && typeof issue.discriminator === 'string') {
      const options = knownDiscriminators(issue.path.slice(0, -1), issue.discriminator);
      return [notOneOf(valueAt(value, issue.path), options, path)];
    }
    const words = issue.errors
      .flat()
      .find((e) => e.code === 'invalid_value' && e.path.length === 0);
    const isWord = typeof valueAt(value, issue.path) === 'string';
    if (words !== undefined && isWord) return toProblems({ ...words, path: issue.path }, value);
  }
  if (issue.code === 'invalid_value') {
    return [notOneOf(valueAt(value, issue.path), issue.values.map(String), path)];
  }
  const missing = valueAt(value, issue.path) === undefined;
  return [
    {
      code: missing ? 'CONFIG_MISSING' : 'CONFIG_INVALID_VALUE',
      message: missing ? 'Required, but missing.' : `${issue.message}.`.replace(/\.\.$/, '.'),
      path,
    },
  ];
}

function notOneOf(given: unknown, options: readonly string[], path: string): Problem {
  const choices = options.join(', ');
  if (given === undefined) {
    return { code: 'CONFIG_MISSING', message: `Required, but missing: one of ${choices}.`, path };
  }
  return {
    code: 'CONFIG_INVALID_VALUE',
    message: `${JSON.stringify(given)} is not one of ${choices}.`,
    path,
    ...(typeof given === 'string' ? suggest(given, options) : {}),
  };
}

function depth(problems: readonly Problem[]): number {
  return Math.max(0, ...problems.map((p) => p.path.split('.').length));
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}

/** Other names for what we have, as other tools call it: in lower case, letters only. */
const otherNames: Readonly<Record<string, string>> = {
  maxrecords: 'target',
  maxitems: 'target',
  maxresults: 'target',
  budget: 'maxUsd',
  maxcost: 'maxUsd',
  maxspend: 'maxUsd',
  maxdollars: 'maxUsd',
  maxpages: 'maxRequests',
  maxcalls: 'maxRequests',
  maxtime: 'maxMinutes',
  timeout: 'maxMinutes',
};

function suggest(given: string, options: readonly string[]): { suggestion?: string } {
  const meant = otherNames[given.toLowerCase().replace(/[^a-z]/g, '')];
  if (meant !== undefined && options.includes(meant)) return { suggestion: meant };
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(given.length / 3)) + 1;
  for (const option of options) {
    const d = distance(given.toLowerCase(), option.toLowerCase());
    if (d < bestDistance) [best, bestDistance] = [option, d];
  }
  return best === undefined ? {} : { suggestion: best };
}

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly const?: unknown;
}

/** The keys that the schema knows at a path; of a union, those of the branch that the value's `type` chooses. */
function knownKeysAt(path: readonly PropertyKey[], value: unknown): string[] {
  return schemaNodesAt(path, value).flatMap((node) => Object.keys(node.properties ?? {}));
}

function knownDiscriminators(path: readonly PropertyKey[], discriminator: string): string[] {
  return schemaNodesAt(path, undefined).flatMap((node) => {
    const constant = node.properties?.[discriminator]?.const;
    return typeof constant === 'string' ? [constant] : [];
  });
}

let cachedSchema: SchemaNode | undefined;

function schemaNodesAt(path: readonly PropertyKey[], value: unknown): SchemaNode[] {
  cachedSchema ??= collectionFileSchema.toJSONSchema({
    io: 'input',
    target: 'draft-7',
  }) as SchemaNode;
  let nodes = branchesOf(cachedSchema, value);
  let at = value;
  for (const key of path) {
    at = valueAt(at, [key]);
    nodes = nodes.flatMap((node) => {
      const child =
        typeof key === 'number'
          ? node.items
          : (node.properties?.[String(key)] ??
            (typeof node.additionalProperties === 'object'
              ? node.additionalProperties
              : undefined));
      return child === undefined ? [] : branchesOf(child, at);
    });
  }
  return nodes;
}

function branchesOf(node: SchemaNode, value: unknown): SchemaNode[] {
  const branches = node.anyOf ?? node.oneOf;
  if (branches === undefined) return [node];
  const type = valueAt(value, ['type']);
  const chosen = branches.filter(
    (b) => type !== undefined && b.properties?.['type']?.const === type,
  );
  return (chosen.length > 0 ? chosen : branches).flatMap((b) => branchesOf(b, value));
}
