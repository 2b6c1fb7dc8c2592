import { FaultError, UsageError } from '../../core/errors.ts';
import type { MergedInput, MergeManifest } from '../../core/mergeManifest.ts';
import type { SessionView } from '../../core/view.ts';
import type { FilesSource } from '../../sources/files/filesSource.ts';
import type { Source } from '../../sources/source.ts';
import { replaceFileDurably } from '../../storage/durableFiles.ts';
import { sha256OfFile } from '../../storage/fileDigest.ts';
import { isInside, type SessionLayout } from '../../storage/layout.ts';
import type { SessionStore, StoragePorts } from '../../storage/sessionStore.ts';

/** Where the manifest of a merged file is. */
export function manifestPath(output: string): string {
  return `${output}.manifest.json`;
}

/** Whether a session is a merge: one of files, without a collection file. */
export function isMerge(view: SessionView): boolean {
  return view.collectionFile === '' && view.session !== '' && view.remapOf === undefined;
}

/**
 * Writes what a merge made of what, before the session is called completed. It follows from the inputs and the output
 * alone: written again it says the same.
 */
export async function writeManifest(
  { fileSystem }: StoragePorts,
  store: SessionStore,
  source: Source<unknown>,
  signal: AbortSignal,
): Promise<void> {
  const { layout, collection, view } = store;
  if (!isFilesSource(source) || collection.source.type !== 'files') return;
  const master = view.files.find((file) => file.role === 'master');
  if (master === undefined) return;
  const output = layout.absolute(master.file);
  const summaries = await source.summarize(signal);
  const { inputs, onConflict, sort } = collection.source;
  const merged = summaries.map((summary, i): MergedInput => {
    const input = inputs[i];
    const { read, error, ...counts } = summary;
    return {
      file: typeof input === 'string' ? input : (input?.path ?? ''),
      bytes: read?.bytes ?? (typeof input === 'string' ? 0 : (input?.bytes ?? 0)),
      sha256: read?.sha256 ?? null,
      ...counts,
      error: error ?? null,
    };
  });
  const sum = (of: (input: MergedInput) => number): number =>
    merged.reduce((total, input) => total + of(input), 0);
  const digest = await sha256OfFile(fileSystem, output, signal);
  const rejected = view.files.find((file) => file.role === 'rejected');
  const manifest: MergeManifest = {
    format: 1,
    session: view.session,
    createdAt: view.createdAt,
    output: nameOf(layout, output),
    outputBytes: digest.bytes,
    outputSha256: digest.sha256,
    records: view.records,
    duplicates: sum((input) => input.duplicates),
    conflicts: sum((input) => input.conflicts),
    rejected: sum((input) => input.rejected),
    rejectedFile: rejected === undefined ? null : nameOf(layout, layout.absolute(rejected.file)),
    key: collection.record.key ?? null,
    onConflict,
    sort: sort ?? null,
    inputs: merged,
  };
  checkAgainstJournal(manifest, view);
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  await replaceFileDurably(fileSystem, manifestPath(output), text);
}

/**
 * The manifest of a merge.
 *
 * @throws UsageError `NOT_A_MERGE`, or `NO_MANIFEST` while the merge is not complete.
 */
export async function readManifest(
  { fileSystem }: Pick<StoragePorts, 'fileSystem'>,
  layout: SessionLayout,
  view: SessionView,
): Promise<{ readonly path: string; readonly manifest: MergeManifest }> {
  const master = view.files.find((file) => file.role === 'master');
  if (!isMerge(view) || master === undefined) {
    throw new UsageError('NOT_A_MERGE', `${view.session} is no merge.`, { session: view.session });
  }
  const path = manifestPath(layout.absolute(master.file));
  if ((await fileSystem.status(path)) === undefined) {
    const message = `${view.session} has no manifest yet: it is written when the merge is complete.`;
    throw new UsageError('NO_MANIFEST', message, { session: view.session, file: path });
  }
  const text = (await fileSystem.readWhole(path)).toString();
  return { path, manifest: JSON.parse(text) as MergeManifest };
}

/** What was counted from the inputs must be what was committed. */
function checkAgainstJournal(manifest: MergeManifest, view: SessionView): void {
  const kept = manifest.inputs.reduce((total, input) => total + input.kept, 0);
  if (kept === view.records) return;
  throw new FaultError(
    'MERGE_COUNTS_DIFFER',
    `The inputs hold ${kept} records to be kept, but ${view.records} were merged. Do not use ${manifest.output}; merge again, and please report this.`,
    { session: view.session },
  );
}

function nameOf(layout: SessionLayout, path: string): string {
  return isInside(layout.root, path) ? layout.relative(path) : path;
}

function isFilesSource(source: Source<unknown>): source is FilesSource {
  return source.type === 'files';
}
