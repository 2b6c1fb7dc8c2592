import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileTimestamp, toFileName } from '../../core/names.ts';

/** Of what is made of the page's address. */
const longestName = 80;

/**
 * Writes a picture into the collection's folder of screenshots, under a name made of the page's address and the time.
 *
 * @returns its path, relative to the workspace folder.
 */
export async function writeScreenshot(
  picture: Uint8Array,
  place: {
    readonly root: string;
    readonly folder: string;
    readonly url: string;
    readonly atMs: number;
  },
): Promise<string> {
  const { host, pathname } = new URL(place.url);
  const page = toFileName(`${host}${pathname}`.replaceAll('/', '_')).slice(0, longestName);
  const name = `${page}_${fileTimestamp(place.atMs)}`;
  const folder = path.resolve(place.root, place.folder);
  await mkdir(folder, { recursive: true });
  for (let i = 1; ; i++) {
    const file = path.join(folder, `${name}${i === 1 ? '' : `_${i}`}.png`);
    try {
      await writeFile(file, picture, { flag: 'wx' });
      return path.relative(place.root, file).replaceAll(path.sep, '/');
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
}
