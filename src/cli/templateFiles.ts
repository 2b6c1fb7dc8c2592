import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Absolute path of a file of `media/templates`. */
export function templateFile(name: string): string {
  // Beside dist/, where the bundle is; two levels up where Node runs the sources.
  const beside = join(import.meta.dirname, '..', 'media', 'templates');
  const folder = existsSync(beside) ? beside : join(import.meta.dirname, '../../media/templates');
  return join(folder, name);
}
