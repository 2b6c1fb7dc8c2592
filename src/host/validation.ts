import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { ValidationReport } from '../core/validation.ts';
import { Findings } from './findings.ts';
import { runJob } from './jobs.ts';
import { refOf, targetsOf, type CommandTarget, type Selection } from './pick.ts';
import type { Services } from './services.ts';
import { validationMarkdown, verdictText } from './validationText.ts';
import { Verdicts, type ValidationTargets } from './verdicts.ts';
import { trustedFolderPaths, workspaceOf } from './workspace.ts';

/** Validates sessions and files, and keeps what was found where a person looks: Problems, a report, the tree. */
export class Validator implements vscode.Disposable {
  readonly verdicts = new Verdicts();
  readonly #services: Pick<Services, 'engine' | 'formats' | 'reports' | 'tracker'>;
  readonly #findings = new Findings();
  readonly #changes = new vscode.EventEmitter<void>();
  /** There are other verdicts. */
  readonly onDidChange = this.#changes.event;
  #lastReport: vscode.Uri | undefined;

  constructor(services: Pick<Services, 'engine' | 'formats' | 'reports' | 'tracker'>) {
    this.#services = services;
  }

  /** Validates in one workspace folder; everything of it where no target is named. */
  async validate(workspace: string, targets: ValidationTargets): Promise<ValidationReport> {
    const { engine, tracker } = this.#services;
    const sessions = (await tracker.list()).map(
      ({ ref, snapshot }) => [ref.session, snapshot.view.seq] as const,
    );
    const { result: report } = await runJob(this.#services, t('Validating'), (job) =>
      engine.request('validate', { job, workspace, ...targets, schema: null, fixIndex: false }, 0),
    );
    this.verdicts.record(report, targets, new Map(sessions));
    this.#findings.show(report);
    this.#changes.fire();
    return report;
  }

  /** Says what a validation came to, with the ways to look at it. Resolves when the message is gone. */
  async tell(report: ValidationReport): Promise<void> {
    const { formats, reports } = this.#services;
    this.#lastReport = reports.keep(t('Validation report'), validationMarkdown(report, formats));
    const text = verdictText(report, formats);
    const showReport = t('Show Report');
    const showProblems = t('Show Problems');
    const hasFindings = report.targets.some(({ findingCount }) => findingCount > 0);
    const actions = hasFindings ? [showProblems, showReport] : [showReport];
    const chosen = report.isValid
      ? await vscode.window.showInformationMessage(text, ...actions)
      : await vscode.window.showWarningMessage(text, ...actions);
    if (chosen === showReport) await this.showLastReport();
    if (chosen === showProblems) {
      await vscode.commands.executeCommand('workbench.actions.view.problems');
    }
  }

  /** Shows the report of the last validation of this window. */
  async showLastReport(): Promise<void> {
    if (this.#lastReport) {
      await this.#services.reports.show(this.#lastReport);
      return;
    }
    void vscode.window.showInformationMessage(t('Nothing has been validated in this window yet.'));
  }

  /** Forgets a session that is gone. */
  forget(session: string): void {
    this.verdicts.forget(session);
    this.#changes.fire();
  }

  dispose(): void {
    this.#findings.dispose();
    this.#changes.dispose();
  }
}

/** Validates what is selected, or everything of the open folders. Gives the last report. */
export async function validate(
  { validator, reporter }: Services,
  target: CommandTarget,
  selection: Selection,
): Promise<ValidationReport | undefined> {
  let report: ValidationReport | undefined;
  for (const [workspace, targets] of whatToValidate(targetsOf(target, selection))) {
    report = await validator.validate(workspace, targets);
    const told = report;
    reporter.guard(() => validator.tell(told));
    if (report.isCancelled) break;
  }
  return report;
}

function whatToValidate(chosen: Selection): ReadonlyMap<string, ValidationTargets> {
  const byWorkspace = new Map<string, { sessions: string[]; paths: string[] }>();
  const at = (workspace: string) => {
    const known = byWorkspace.get(workspace) ?? { sessions: [], paths: [] };
    byWorkspace.set(workspace, known);
    return known;
  };
  if (chosen.length === 0) for (const workspace of trustedFolderPaths()) at(workspace);
  for (const one of chosen) {
    if (one instanceof vscode.Uri) {
      at(workspaceOf(one)).paths.push(one.fsPath);
    } else if (one && 'kind' in one && one.kind === 'master') {
      at(one.ref.workspace).paths.push(one.path);
    } else {
      const ref = refOf(one);
      if (ref && !at(ref.workspace).sessions.includes(ref.session)) {
        at(ref.workspace).sessions.push(ref.session);
      }
    }
  }
  return byWorkspace;
}
