import * as vscode from 'vscode';
import { assertNever } from '../../core/assert.ts';
import { shownText } from '../../core/shownText.ts';
import type { Finding, ValidationReport } from '../../core/validation.ts';

/** What validating found, in the Problems panel. Files are named by line and column only: none of them is opened. */
export class Findings implements vscode.Disposable {
  readonly #diagnostics = vscode.languages.createDiagnosticCollection('CF Collector');
  readonly #deletions = vscode.workspace.onDidDeleteFiles(({ files }) => {
    for (const file of files) this.#diagnostics.delete(file);
  });

  /** Shows a report's findings in place of what was found earlier in the files that it read. */
  show({ targets, isCancelled }: ValidationReport): void {
    // One that was cut short has not read its files to the end: what was found there earlier may still hold.
    if (!isCancelled) this.forget(targets.flatMap(({ files }) => files));
    const byFile = Map.groupBy(
      targets.flatMap(({ findings }) => findings),
      ({ file }) => file,
    );
    for (const [file, findings] of byFile) {
      this.#diagnostics.set(vscode.Uri.file(file), findings.map(toDiagnostic));
    }
  }

  /** Takes away what was found in files. */
  forget(files: readonly string[]): void {
    for (const file of files) this.#diagnostics.delete(vscode.Uri.file(file));
  }

  dispose(): void {
    this.#deletions.dispose();
    this.#diagnostics.dispose();
  }
}

function toDiagnostic({ message, severity, code, line, column }: Finding): vscode.Diagnostic {
  const start = new vscode.Position(Math.max(0, (line ?? 1) - 1), Math.max(0, (column ?? 1) - 1));
  // The line's length is not known without opening the file; VS Code marks the word that begins there.
  const end = line === undefined ? start : start.translate(0, 1);
  const range = new vscode.Range(start, end);
  const diagnostic = new vscode.Diagnostic(range, shownText(message), severityOf(severity));
  diagnostic.source = 'CF Collector';
  diagnostic.code = code;
  return diagnostic;
}

function severityOf(severity: Finding['severity']): vscode.DiagnosticSeverity {
  switch (severity) {
    case 'error':
      return vscode.DiagnosticSeverity.Error;
    case 'warning':
      return vscode.DiagnosticSeverity.Warning;
    case 'info':
      return vscode.DiagnosticSeverity.Information;
    default:
      return assertNever(severity, 'severity');
  }
}
