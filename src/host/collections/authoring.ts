import * as vscode from 'vscode';
import { PreviewMarks } from '../preview/previewMarks.ts';
import type { Services } from '../services.ts';
import { CollectionLenses } from './codeLens.ts';
import { CollectionCompletions } from './completion.ts';
import { CollectionQuickFixes } from './quickFixes.ts';

/** What helps while a collection is written: lenses, quick fixes, completions, and what the last preview found. */
export function registerAuthoring(services: Services): vscode.Disposable {
  const { tracker, formats, checker, secrets, previews } = services;
  const lenses = new CollectionLenses(tracker, formats);
  const marks = new PreviewMarks(previews);
  const completions = new CollectionCompletions(secrets, (uri) => previews.reportOf(uri));
  return vscode.Disposable.from(
    lenses,
    lenses.register(),
    marks,
    marks.register(),
    new CollectionQuickFixes(checker).register(),
    completions.register(),
  );
}
