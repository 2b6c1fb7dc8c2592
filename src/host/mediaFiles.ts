import * as vscode from 'vscode';

/** The text of a file that comes with the extension, by its path in `media`. */
export async function mediaText(
  { extensionUri }: Pick<vscode.ExtensionContext, 'extensionUri'>,
  ...names: readonly string[]
): Promise<string> {
  const file = vscode.Uri.joinPath(extensionUri, 'media', ...names);
  return new TextDecoder().decode(await vscode.workspace.fs.readFile(file));
}
