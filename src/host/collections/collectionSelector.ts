import type * as vscode from 'vscode';
import { collectionSuffix } from '../../contributions.ts';

/** Collection files on this machine's disk: where lenses, quick fixes, completions and hovers are given. */
export const collectionSelector: vscode.DocumentSelector = {
  scheme: 'file',
  pattern: `**/*${collectionSuffix}`,
};
