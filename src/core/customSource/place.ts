import type { PlaceOf } from './failures.ts';

const frame = /(?:\(|\bat (?:async )?)((?:file:\/\/)?[^\s()]+?):(\d+):(\d+)\)?$/;

/**
 * Finds where in somebody's own code an error was thrown: the first frame of its stack that is in a folder, packages
 * excepted, as "source.mjs:12:5".
 *
 * @param folder what the file's name is relative to: a URL or a path, without a slash at its end.
 */
export function placeIn(folder: string): PlaceOf {
  return ({ stack = '' }) => {
    for (const line of stack.split('\n')) {
      const [, file = '', row, column] = frame.exec(line) ?? [];
      const name = nameIn(folder, file);
      if (name !== undefined) return `${name}:${row}:${column}`;
    }
    return compilerPlace(stack, folder);
  };
}

/** Of an error of the compiler, V8 writes the place above the stack, with a caret below the line. */
function compilerPlace(stack: string, folder: string): string | undefined {
  const [, file = '', row, caret = ''] = /^(\S+):(\d+)\n.*\n( *)\^/.exec(stack) ?? [];
  const name = nameIn(folder, file);
  return name === undefined ? undefined : `${name}:${row}:${caret.length + 1}`;
}

function nameIn(folder: string, file: string): string | undefined {
  const slashed = file.replaceAll('\\', '/');
  const base = `${folder.replaceAll('\\', '/')}/`;
  if (!slashed.startsWith(base) || slashed.includes('/node_modules/')) return undefined;
  const name = slashed.slice(base.length);
  return base.startsWith('file:') ? decodeURIComponent(name) : name;
}
