import { distance } from 'fastest-levenshtein';
import type { ForConfig } from '../../core/config/forValues.ts';
import type { Problem } from '../../core/errors.ts';
import { Template } from '../text/template.ts';

/** Templates that name what `for` does not have. */
export function checkTemplateNames(
  texts: Iterable<readonly [path: string, text: string]>,
  config: ForConfig,
): Problem[] {
  const known = Object.keys(config);
  return [...texts].flatMap(([path, text]) =>
    new Template(text).names
      .filter((name) => !known.includes(name))
      .map((name) => ({
        code: 'TEMPLATE_UNKNOWN',
        message: `{${name}} stands for nothing: source.for has no "${name}". For the text itself write {{${name}}}.`,
        path,
        ...suggest(name, known),
      })),
  );
}

/**
 * A field's `from` that is neither one of the facts nor a value of `for` (or a part of one: `for.row.title`).
 *
 * @param path where it stands.
 */
export function checkFrom(
  from: string,
  facts: readonly string[],
  names: readonly string[],
  path: string,
): Problem[] {
  const known = [...facts, ...names.map((name) => `for.${name}`)];
  const part = /^(for\.\w+)[.[]/.exec(from)?.[1];
  if (known.includes(from) || (part !== undefined && known.includes(part))) return [];
  return [
    {
      code: 'FROM_UNKNOWN',
      message: `"${from}" is not one of ${known.join(', ')}.`,
      path,
      ...suggest(from, known),
    },
  ];
}

/** The known name that was probably meant. */
export function suggest(given: string, known: readonly string[]): { suggestion?: string } {
  const near = known
    .map((name) => [name, distance(given.toLowerCase(), name.toLowerCase())] as const)
    .filter(([, far]) => far < given.length && far <= Math.max(2, Math.floor(given.length / 3)))
    .sort(([, a], [, b]) => a - b);
  const [best] = near;
  return best === undefined ? {} : { suggestion: best[0] };
}
