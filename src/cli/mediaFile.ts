import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Absolute path of a file below `media`. */
export function mediaFile(...names: readonly string[]): string {
  // Beside dist/, where the bundle is; two levels up where Node runs the sources.
  const beside = join(import.meta.dirname, '..', 'media');
  const folder = existsSync(beside) ? beside : join(import.meta.dirname, '../../media');
  return join(folder, ...names);
}
