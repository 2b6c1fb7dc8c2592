import { basename } from 'node:path';

/** How an input is written. */
export interface InputForm {
  readonly kind: 'jsonl' | 'json' | 'csv' | 'text';
  readonly isGzip: boolean;
  /** The name without its endings: `papers` of `data/papers.csv.gz`. */
  readonly stem: string;
}

/** What a file's name says of how it is written. A name that says nothing is taken for lines of JSON, never of text. */
export function inputForm(path: string): InputForm {
  const name = basename(path);
  const inner = name.replace(/\.gz$/i, '');
  const kind = kindOf(inner);
  const stem = inner.replace(/\.(jsonl|ndjson|json|csv|tsv|tab|txt)$/i, '');
  return { kind, isGzip: inner !== name, stem: stem === '' ? name : stem };
}

function kindOf(name: string): InputForm['kind'] {
  if (/\.(csv|tsv|tab)$/i.test(name)) return 'csv';
  return /\.json$/i.test(name) ? 'json' : 'jsonl';
}

/** Whether a file's name says how it is written. */
export function isNamedForm(path: string): boolean {
  return /\.(jsonl|ndjson|json|csv|tsv|tab)(\.gz)?$/i.test(path);
}
