/**
 * A regular expression of the collection file. Unicode-aware, so that "." takes a whole emoji; a pattern that only the
 * older, more lenient syntax knows ("[\w-.]") is read that way.
 *
 * @throws SyntaxError when it is neither.
 */
export function compileRegex(source: string): RegExp {
  try {
    return new RegExp(source, 'u');
  } catch {
    return new RegExp(source);
  }
}
