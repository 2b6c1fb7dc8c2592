import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { ValidationReport } from '../../core/validation.ts';
import { Findings } from './findings.ts';
import { runJob, watchJob, type JobWatch } from '../engine/jobs.ts';
import { refOf, targetsOf, type CommandTarget, type Selection } from '../sessions/pick.ts';
import { requireTrust } from '../engine/runs.ts';
import type { Services } from '../services.ts';
import { validationMarkdown, verdictText } from '../text/validationText.ts';
import { Verdicts, type ValidationTargets } from '../sessions/verdicts.ts';
import { trustedFolderPaths, workspaceOf } from '../workspace.ts';
import { showInformationMessage, showWarningMessage } from '../window.ts';

/** What of the services validating needs. */
type Needed = Pick<Services, 'engine' | 'formats' | 'log' | 'reports' | 'tracker'>;

/** Validates sessions and files, and keeps what was found where a person looks: Problems, a report, the tree. */
export class Validator implements vscode.Disposable {
  readonly verdicts = new Verdicts();
  readonly #services: Needed;
  readonly #findings = new Findings();
  readonly #changes = new vscode.EventEmitter<void>();
  /** There are other verdicts. */
  readonly onDidChange = this.#changes.event;
  #lastReport: vscode.Uri | undefined;

  constructor(services: Needed) {
    this.#services = services;
  }

  /**
   * Validates in one workspace folder; everything of it where no target is named.
   *
   * @param watch who follows it; left out, a notification that can cancel it does.
   * @returns undefined when it was cancelled before there was anything to report.
   */
  async validate(
    workspace: string,
    targets: ValidationTargets,
    { fixIndex = false, watch }: { fixIndex?: boolean; watch?: JobWatch } = {},
  ): Promise<ValidationReport | undefined> {
    const { engine, tracker } = this.#services;
    const sessions = (await tracker.list()).map(
      ({ ref, snapshot }) => [ref.session, snapshot.view.seq] as const,
    );
    const request = (job: string) =>
      engine.request('validate', { job, workspace, ...targets, schema: null, fixIndex }, 0);
    const report = watch
      ? await watchJob(engine, request, watch)
      : await runJob(this.#services, t('Validating'), request);
    if (!report) return undefined;
    this.verdicts.record(report, targets, new Map(sessions));
    this.#findings.show(report);
    this.#changes.fire();
    return report;
  }

  /**
   * Says what a validation came to, with the ways to look at it. Resolves when the message is gone.
   *
   * @param fixIndex validates again and makes what is wrong with an index right.
   */
  async tell(report: ValidationReport, fixIndex: () => Promise<unknown>): Promise<void> {
    const { formats, reports } = this.#services;
    this.#lastReport = reports.keep(t('Validation report'), validationMarkdown(report, formats));
    const text = verdictText(report, formats);
    const actions: readonly (readonly [label: string, run: () => unknown, isOffered: boolean])[] = [
      [t('Show Problems'), () => showProblems(), hasFindings(report)],
      [t('Rebuild Index'), fixIndex, hasBadIndex(report)],
      [t('Show Report'), () => this.showLastReport(), true],
    ];
    const offered = actions.filter(([, , isOffered]) => isOffered);
    const labels = offered.map(([label]) => label);
    const chosen = report.isValid
      ? await showInformationMessage(text, ...labels)
      : await showWarningMessage(text, ...labels);
    await offered.find(([label]) => label === chosen)?.[1]();
  }

  /** Shows the report of the last validation of this window. */
  async showLastReport(): Promise<void> {
    if (this.#lastReport) {
      await this.#services.reports.show(this.#lastReport);
      return;
    }
    void showInformationMessage(t('Nothing has been validated in this window yet.'));
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
  services: Services,
  target: CommandTarget,
  selection: Selection,
): Promise<ValidationReport | undefined> {
  requireTrust();
  let report: ValidationReport | undefined;
  for (const [workspace, targets] of whatToValidate(targetsOf(target, selection))) {
    report = await validateAndTell(services, workspace, targets);
    if (!report || report.isCancelled) break;
  }
  return report;
}

async function validateAndTell(
  services: Services,
  workspace: string,
  targets: ValidationTargets,
  fixIndex = false,
): Promise<ValidationReport | undefined> {
  const { validator, reporter } = services;
  const report = await validator.validate(workspace, targets, { fixIndex });
  if (report) {
    const again = () => validateAndTell(services, workspace, targets, true);
    reporter.guard(() => validator.tell(report, again));
  }
  return report;
}

function showProblems(): Thenable<unknown> {
  return vscode.commands.executeCommand('workbench.actions.view.problems');
}

function hasFindings({ targets }: ValidationReport): boolean {
  return targets.some(({ findingCount }) => findingCount > 0);
}

function hasBadIndex({ targets }: ValidationReport): boolean {
  return targets.some(({ checks }) =>
    checks.some(({ name, outcome }) => name === 'index' && outcome === 'failed'),
  );
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
