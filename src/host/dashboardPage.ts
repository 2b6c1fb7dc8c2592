import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

/**
 * The dashboard's document: an empty body that `dist/dashboard.js` fills. Nothing runs or loads but what is ours; the
 * `csp-nonce` property is how the toolkit's FAST learns the nonce for the one style element that it makes.
 */
export function dashboardPage(webview: vscode.Webview, dist: vscode.Uri): string {
  const nonce = randomBytes(18).toString('base64');
  const resource = (name: string) =>
    webview.asWebviewUri(vscode.Uri.joinPath(dist, name)).toString();
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource} 'nonce-${nonce}'`,
    `font-src ${webview.cspSource}`,
    `img-src ${webview.cspSource} data:`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${policy}">
    <meta property="csp-nonce" content="${nonce}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="stylesheet" href="${resource('dashboard.css')}">
    <title>CF Collector</title>
  </head>
  <body>
    <script nonce="${nonce}" src="${resource('dashboard.js')}"></script>
  </body>
</html>
`;
}
