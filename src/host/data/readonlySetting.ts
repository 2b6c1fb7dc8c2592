/** The value of `files.readonlyInclude` in one settings file. */
export type ReadonlyInclude = Readonly<Record<string, boolean>>;

/**
 * What `files.readonlyInclude` of one settings file should be, so that `protectMasters` of the same file means what it
 * says. VS Code merges the objects of all settings files: `false` takes back what the default has, and `true` what a
 * settings file below has taken back.
 *
 * @param glob the names of data files.
 * @param isProtected `protectMasters` of this settings file; undefined where it says nothing.
 * @param isProtectedBelow what it is without this settings file.
 * @returns undefined where nothing is left to be said.
 */
export function readonlyIncludeFor(
  glob: string,
  current: ReadonlyInclude | undefined,
  isProtected: boolean | undefined,
  isProtectedBelow: boolean,
): ReadonlyInclude | undefined {
  const rest = Object.fromEntries(Object.entries(current ?? {}).filter(([name]) => name !== glob));
  if (isProtected !== undefined && isProtected !== isProtectedBelow)
    return { ...rest, [glob]: isProtected };
  return Object.keys(rest).length === 0 ? undefined : rest;
}
