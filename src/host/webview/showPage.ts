import * as vscode from 'vscode';
import { webviewPage, type PageName } from './webviewPage.ts';

/** Shows one of our pages in a panel, under our icon. It loads nothing but what the build made. */
export function showPage(
  panel: vscode.WebviewPanel,
  extensionUri: vscode.Uri,
  name: PageName,
): void {
  const dist = vscode.Uri.joinPath(extensionUri, 'dist');
  const icon = (theme: string) =>
    vscode.Uri.joinPath(extensionUri, 'media', 'icons', `collector-${theme}.svg`);
  panel.iconPath = { light: icon('light'), dark: icon('dark') };
  panel.webview.options = { enableScripts: true, localResourceRoots: [dist] };
  panel.webview.html = webviewPage(panel.webview, dist, name);
}
