import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { CollectionProblem } from '../../protocol/worker.ts';
import type { EngineClient } from '../engine/engineClient.ts';
import { isCollectionFile } from '../workspace.ts';

const checkTimeoutMs = 30_000;

/** Problems of collection files beyond what their JSON Schema can say, where the text stands. */
export class CollectionChecker implements vscode.Disposable {
  readonly #diagnostics = vscode.languages.createDiagnosticCollection('cfCollector');
  readonly #engine: Pick<EngineClient, 'request'>;
  readonly #log: vscode.LogOutputChannel;
  /** How many checks of a file were asked for: only what the last one finds is shown. */
  readonly #asked = new Map<string, number>();

  constructor(engine: Pick<EngineClient, 'request'>, log: vscode.LogOutputChannel) {
    this.#engine = engine;
    this.#log = log;
  }

  /** Checks collection files as they are opened and saved, and those that are open now. */
  register(): vscode.Disposable {
    const checkDocument = ({ uri }: vscode.TextDocument) => {
      void this.check(uri);
    };
    vscode.workspace.textDocuments.forEach(checkDocument);
    return vscode.Disposable.from(
      vscode.workspace.onDidOpenTextDocument(checkDocument),
      vscode.workspace.onDidSaveTextDocument(checkDocument),
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        vscode.workspace.textDocuments.forEach(checkDocument);
      }),
      vscode.workspace.onDidDeleteFiles(({ files }) => {
        for (const file of files) this.#diagnostics.delete(file);
      }),
    );
  }

  /** Checks a file as it is on disk and shows what is wrong with it. */
  async check(uri: vscode.Uri): Promise<readonly CollectionProblem[]> {
    if (uri.scheme !== 'file' || !isCollectionFile(uri) || !vscode.workspace.isTrusted) return [];
    const workspace = vscode.workspace.getWorkspaceFolder(uri)?.uri.fsPath;
    if (workspace === undefined) return [];
    const asked = (this.#asked.get(uri.fsPath) ?? 0) + 1;
    this.#asked.set(uri.fsPath, asked);
    try {
      const params = { workspace, file: uri.fsPath };
      const problems = await this.#engine.request('checkCollection', params, checkTimeoutMs);
      if (this.#asked.get(uri.fsPath) === asked) {
        this.#diagnostics.set(uri, problems.map(toDiagnostic));
      }
      return problems;
    } catch (error) {
      // A file that could not be checked is said to be neither right nor wrong.
      this.#diagnostics.delete(uri);
      this.#log.warn(`Could not check ${uri.fsPath}: ${String(error)}`);
      return [];
    }
  }

  /** Opens a file at its first problem. */
  async showFirstProblem(uri: vscode.Uri): Promise<void> {
    const [first] = await this.check(uri);
    await vscode.window.showTextDocument(uri, first ? { selection: rangeOf(first) } : {});
  }

  dispose(): void {
    this.#diagnostics.dispose();
  }
}

function toDiagnostic(problem: CollectionProblem): vscode.Diagnostic {
  const message = problem.path === '' ? problem.message : `${problem.path}: ${problem.message}`;
  const hint =
    problem.suggestion === undefined ? '' : ` ${t('Did you mean “{0}”?', problem.suggestion)}`;
  const diagnostic = new vscode.Diagnostic(
    rangeOf(problem),
    `${message}${hint}`,
    vscode.DiagnosticSeverity.Error,
  );
  diagnostic.source = 'CF Collector';
  diagnostic.code = problem.code;
  return diagnostic;
}

function rangeOf({ line, column, length }: CollectionProblem): vscode.Range {
  const start = new vscode.Position(Math.max(0, line - 1), Math.max(0, column - 1));
  return new vscode.Range(start, start.translate(0, Math.max(1, length)));
}
