import { t } from '@vscode/l10n';
import type { Formats } from '../../core/format.ts';
import type { MergeManifest } from '../../core/mergeManifest.ts';
import { joinParts, recordsPhrase } from './phrases.ts';
import { baseName } from '../tree/treeModel.ts';

/** What a merge came to, in one line: `all.jsonl is made of 2 files: 200 records · 12 duplicates.` */
export function mergeSummary(manifest: MergeManifest, formats: Formats): string {
  const { records, duplicates, conflicts, rejected, inputs } = manifest;
  const output = baseName(manifest.output);
  const broken = inputs.filter(({ error }) => error !== null).length;
  const counts = joinParts([
    recordsPhrase(records, formats),
    duplicates === 0 ? '' : t('{0} duplicates', formats.count(duplicates)),
    conflicts === 0 ? '' : t('{0} of them differed', formats.count(conflicts)),
    rejected === 0 ? '' : t('{0} lines set aside', formats.count(rejected)),
    broken === 0 ? '' : t('{0} of the files not read to the end', formats.count(broken)),
  ]);
  return inputs.length === 1
    ? t('{0} is made of 1 file: {1}.', output, counts)
    : t('{0} is made of {1} files: {2}.', output, formats.count(inputs.length), counts);
}

/** Whether the manifest says something that a person should look at. */
export function needsALook({ rejected, inputs }: MergeManifest): boolean {
  return rejected > 0 || inputs.some(({ error }) => error !== null);
}
