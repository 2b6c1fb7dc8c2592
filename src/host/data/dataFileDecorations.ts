import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { dataFileTooltip } from '../text/dataFileText.ts';
import type { DataFiles } from './dataFiles.ts';

/** Two letters, since one is taken: git's "M" is for modified. */
const badge = 'CF';

/** Marks the data files of known sessions in the explorer and on tabs; the tooltip says whose they are. */
export function registerDataFileDecorations(
  { formats, validator }: Pick<Services, 'formats' | 'validator'>,
  files: DataFiles,
): vscode.Disposable {
  const changed = new vscode.EventEmitter<vscode.Uri[]>();
  const tell = (paths: readonly string[]): void => {
    changed.fire(paths.map((file) => vscode.Uri.file(file)));
  };
  files.events.on('changed', tell);
  return vscode.Disposable.from(
    changed,
    new vscode.Disposable(() => files.events.off('changed', tell)),
    validator.onDidChange(() => {
      tell(files.paths());
    }),
    vscode.window.registerFileDecorationProvider({
      onDidChangeFileDecorations: changed.event,
      provideFileDecoration: ({ scheme, fsPath }) => {
        const known = scheme === 'file' ? files.get(fsPath) : undefined;
        if (!known) return undefined;
        const verdict = validator.verdicts.ofFile(fsPath, known.session.snapshot.view.seq);
        return new vscode.FileDecoration(badge, dataFileTooltip(known, verdict, formats));
      },
    }),
  );
}
