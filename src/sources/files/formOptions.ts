import type { FilesSourceConfig } from '../../core/config/filesSource.ts';
import { parsePath } from '../text/jsonPath.ts';
import type { FormOptions } from './inputLine.ts';

/** How the files are read, by the collection. */
export function formOptionsOf({
  items,
  csv,
}: Pick<FilesSourceConfig, 'items' | 'csv'>): FormOptions {
  return { csv, ...(items === '' ? {} : { items: parsePath(items).map(String) }) };
}
