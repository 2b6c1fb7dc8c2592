import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

/** The pages that the build makes: `dist/NAME.js` and `dist/NAME.css`. */
export type PageName = 'dashboard' | 'overview' | 'picker' | 'preview' | 'viewer';

/**
 * A page's document: an empty body that `dist/NAME.js` fills. Nothing runs or loads but what is ours; the
 * `csp-nonce` property is how the toolkit's FAST learns the nonce for the one style element that it makes.
 */
export function webviewPage(webview: vscode.Webview, dist: vscode.Uri, name: PageName): string {
  const nonce = randomBytes(18).toString('base64');
  const resource = (extension: string) =>
    webview.asWebviewUri(vscode.Uri.joinPath(dist, `${name}.${extension}`)).toString();
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
    <link rel="stylesheet" href="${resource('css')}">
    <title>CF Collector</title>
  </head>
  <body>
    <script nonce="${nonce}" src="${resource('js')}"></script>
  </body>
</html>
`;
}
