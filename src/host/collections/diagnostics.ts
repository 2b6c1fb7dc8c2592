import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { TextPlace } from '../../core/collectionPlaces.ts';
import type { CollectionProblem } from '../../protocol/worker.ts';
import { engineText } from '../text/engineText.ts';
import type { EngineClient } from '../engine/engineClient.ts';
import { isCollectionFile } from '../workspace.ts';
import type { Advice, CollectionAdvisor } from './advice.ts';

const checkTimeoutMs = 30_000;
/** A person who pauses that long while typing may want to know. */
const typingMs = 300;

/** What a mark in a collection file stands for: what quick fixes go by. */
export type Finding =
  | { readonly kind: 'problem'; readonly problem: CollectionProblem }
  | { readonly kind: 'advice'; readonly advice: Advice };

/**
 * What is wrong with collection files, marked where it stands while they are being written, saved or not. What VS Code's
 * own JSON checks say, as that the text is no JSON, is not said twice.
 */
export class CollectionChecker implements vscode.Disposable {
  readonly #diagnostics = vscode.languages.createDiagnosticCollection('cfCollector');
  readonly #engine: Pick<EngineClient, 'request'>;
  readonly #log: vscode.LogOutputChannel;
  readonly #advisor: Pick<CollectionAdvisor, 'adviceOn' | 'forget'>;
  /** How many checks of a file were asked for: only what the last one finds is shown. */
  readonly #asked = new Map<string, number>();
  readonly #typing = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #findings = new WeakMap<vscode.Diagnostic, Finding>();

  constructor(
    engine: Pick<EngineClient, 'request'>,
    log: vscode.LogOutputChannel,
    advisor: Pick<CollectionAdvisor, 'adviceOn' | 'forget'>,
  ) {
    this.#engine = engine;
    this.#log = log;
    this.#advisor = advisor;
  }

  /**
   * Checks collection files as they are opened, typed and saved, and those that are open now.
   *
   * @param onSecretsChanged a secret was set or forgotten.
   */
  register(onSecretsChanged: vscode.Event<unknown>): vscode.Disposable {
    const check = ({ uri }: vscode.TextDocument) => void this.check(uri);
    const checkAll = () => {
      this.checkAll();
    };
    checkAll();
    return vscode.Disposable.from(
      vscode.workspace.onDidOpenTextDocument(check),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) this.#checkSoon(document.uri);
      }),
      vscode.workspace.onDidSaveTextDocument((document) => {
        // Others may name it as their input, or be called like it.
        this.#advisor.forget(document.uri);
        if (isCollectionFile(document.uri)) checkAll();
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        this.#forget(uri);
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(checkAll),
      onSecretsChanged(checkAll),
      vscode.workspace.onDidDeleteFiles(({ files }) => {
        for (const file of files) this.#forget(file);
      }),
      vscode.workspace.onDidRenameFiles(({ files }) => {
        for (const { oldUri } of files) this.#forget(oldUri);
      }),
    );
  }

  /** Checks every collection file that is open. */
  checkAll(): void {
    for (const { uri } of vscode.workspace.textDocuments) void this.check(uri);
  }

  /**
   * Checks a file as it stands in the editor, or else on disk, and shows what is wrong with it. In Restricted Mode, and
   * outside of the open folders, only the text itself is looked at.
   *
   * @returns its problems; what is only advice is shown and not told.
   */
  async check(uri: vscode.Uri): Promise<readonly CollectionProblem[]> {
    if (uri.scheme !== 'file' || !isCollectionFile(uri)) return [];
    const key = uri.toString();
    clearTimeout(this.#typing.get(key));
    const asked = (this.#asked.get(key) ?? 0) + 1;
    this.#asked.set(key, asked);
    try {
      const text = openText(uri) ?? (await textOnDisk(uri));
      const problems = await this.#problemsOf(uri, text);
      const advice = vscode.workspace.isTrusted ? await this.#advisor.adviceOn(uri, text) : [];
      if (this.#asked.get(key) === asked) this.#show(uri, problems, advice);
      return problems;
    } catch (error) {
      // A file that could not be checked is said to be neither right nor wrong.
      if (this.#asked.get(key) === asked) this.#diagnostics.delete(uri);
      this.#log.warn(`Could not check ${uri.fsPath}: ${String(error)}`);
      return [];
    }
  }

  /** What one of our marks stands for; undefined for those of others. */
  findingOf(diagnostic: vscode.Diagnostic): Finding | undefined {
    return this.#findings.get(diagnostic);
  }

  /** Opens a file at its first problem. */
  async showFirstProblem(uri: vscode.Uri): Promise<void> {
    const [first] = await this.check(uri);
    await vscode.window.showTextDocument(uri, first ? { selection: rangeOf(first) } : {});
  }

  dispose(): void {
    for (const timer of this.#typing.values()) clearTimeout(timer);
    this.#diagnostics.dispose();
  }

  #checkSoon(uri: vscode.Uri): void {
    if (uri.scheme !== 'file' || !isCollectionFile(uri)) return;
    const key = uri.toString();
    clearTimeout(this.#typing.get(key));
    const timer = setTimeout(() => void this.check(uri), typingMs);
    this.#typing.set(key, timer);
  }

  #forget(uri: vscode.Uri): void {
    const key = uri.toString();
    clearTimeout(this.#typing.get(key));
    // A check that is under way shows nothing any more.
    this.#asked.set(key, (this.#asked.get(key) ?? 0) + 1);
    this.#advisor.forget(uri);
    this.#diagnostics.delete(uri);
  }

  #problemsOf(uri: vscode.Uri, text: string): Promise<readonly CollectionProblem[]> {
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    const workspace = vscode.workspace.isTrusted ? (folder?.uri.fsPath ?? null) : null;
    const params = { workspace, file: uri.fsPath, text };
    return this.#engine.request('checkCollection', params, checkTimeoutMs);
  }

  #show(uri: vscode.Uri, problems: readonly CollectionProblem[], advice: readonly Advice[]): void {
    const isJsonChecked =
      vscode.extensions.getExtension('vscode.json-language-features') !== undefined &&
      openText(uri) !== undefined;
    const marks = problems
      .filter(({ code }) => !(isJsonChecked && code === 'CONFIG_SYNTAX'))
      .map((problem) => {
        const mark = newMark(problem, wordsOf(problem), vscode.DiagnosticSeverity.Error);
        this.#findings.set(mark, { kind: 'problem', problem });
        return mark;
      });
    const warnings = advice.map((one) => {
      const mark = newMark(one, one.message, vscode.DiagnosticSeverity.Warning);
      this.#findings.set(mark, { kind: 'advice', advice: one });
      return mark;
    });
    this.#diagnostics.set(uri, [...marks, ...warnings]);
  }
}

/** The text of a file that is open in an editor. */
export function openText(uri: vscode.Uri): string | undefined {
  const key = uri.toString();
  return vscode.workspace.textDocuments
    .find((document) => document.uri.toString() === key)
    ?.getText();
}

/** A place as VS Code has it. */
export function rangeOf({ line, column, length }: TextPlace): vscode.Range {
  const start = new vscode.Position(Math.max(0, line - 1), Math.max(0, column - 1));
  return new vscode.Range(start, start.translate(0, Math.max(1, length)));
}

async function textOnDisk(uri: vscode.Uri): Promise<string> {
  const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  return text.replace(/^\uFEFF/, '');
}

function newMark(
  finding: TextPlace & { readonly code: string },
  message: string,
  severity: vscode.DiagnosticSeverity,
): vscode.Diagnostic {
  const mark = new vscode.Diagnostic(rangeOf(finding), message, severity);
  mark.source = 'CF Collector';
  mark.code = finding.code;
  return mark;
}

function wordsOf({ path, message, suggestion }: CollectionProblem): string {
  const said = engineText(message);
  const words = path === '' ? said : `${path}: ${said}`;
  return suggestion === undefined ? words : `${words} ${t('Did you mean “{0}”?', suggestion)}`;
}
