import { t } from '@vscode/l10n';
import { existsSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { exitCodes, type ExitCode } from '../../core/exitCodes.ts';
import { findingLine } from '../../core/validation.ts';
import type { SessionRef } from '../../protocol/worker.ts';
import { newestSessionOf } from '../collections/startCollection.ts';
import { mergeOf } from '../data/mergeMasters.ts';
import { progressText } from '../engine/jobs.ts';
import { requireTrust } from '../engine/runs.ts';
import type { TrackedSession } from '../engine/sessionTracker.ts';
import type { Services } from '../services.ts';
import { errorWords } from '../text/errorWords.ts';
import { mergeSummary } from '../text/mergeText.ts';
import { beginLine, endLines } from '../text/taskText.ts';
import { verdictText } from '../text/validationText.ts';
import { mastersOf } from '../tree/treeModel.ts';
import { BadTaskError, type CollectTask } from './collectTask.ts';
import { RunFollower } from './followRun.ts';
import type { TaskOutput, TaskWork } from './taskTerminal.ts';

/**
 * What a task does when it is run: in this window's engine, so that the tree and the dashboard show it, too. What goes
 * wrong before anything has begun is told in the terminal; its exit code is that of bad usage.
 *
 * @param workspace what its paths are relative to.
 */
export function workOf(services: Services, task: CollectTask, workspace: string): TaskWork {
  return async (output, token) => {
    try {
      requireTrust();
      const job = { services, task, workspace, output, token };
      switch (task.operation) {
        case 'run':
        case 'resume':
          return await collect(job);
        case 'merge':
          return await merge(job);
        case 'validate':
          return await validate(job);
      }
    } catch (error) {
      services.log.error(`A task could not be carried out: ${String(error)}`);
      output.line(errorWords(error, services.formats).message);
      return token.isCancellationRequested ? exitCodes.stopped : exitCodes.usage;
    }
  };
}

interface Job {
  readonly services: Services;
  readonly task: CollectTask;
  readonly workspace: string;
  readonly output: TaskOutput;
  readonly token: vscode.CancellationToken;
}

async function collect(job: Job): Promise<ExitCode> {
  const { services, task, output } = job;
  const file = vscode.Uri.file(fileOf(job));
  const newest = await newestSessionOf(services, file);
  const isNew = task.operation === 'run' && (task.unfinished === 'new' || !isUnfinished(newest));
  if (isNew) {
    if (!existsSync(file.fsPath)) throw new BadTaskError(t('{0} is not there.', file.fsPath));
    return followed(job, () => services.runs.start(job.workspace, file));
  }
  if (!newest) throw new BadTaskError(t('{0} has no session to resume.', file.fsPath));
  const { snapshot } = newest;
  if (!isUnfinished(newest)) {
    for (const line of endLines(snapshot, services.formats)) output.line(line);
    return snapshot.view.units.failed > 0 ? exitCodes.completeWithFailures : exitCodes.complete;
  }
  return followed(job, async () => {
    const isRunning = newest.isOurs && snapshot.view.state === 'active';
    // One that was started by hand is followed as well.
    if (!isRunning) await services.runs.resume(newest.ref);
    return newest.ref;
  });
}

function isUnfinished(session: TrackedSession | undefined): session is TrackedSession {
  return session !== undefined && (session.isOurs || session.holder !== null || session.resumable);
}

/** Begins a run and follows it to its end; being cancelled stops it in order. */
async function followed(
  { services, output, token }: Job,
  begin: () => Promise<SessionRef>,
): Promise<ExitCode> {
  using follower = new RunFollower(services, output);
  const ref = await begin();
  const begun = services.tracker.live().find((live) => live.ref.session === ref.session);
  if (begun) output.line(beginLine(begun.snapshot.view, services.formats));
  const stop = () => {
    // It may have ended meanwhile.
    services.runs.stop(ref).catch(() => undefined);
  };
  const cancelling = token.onCancellationRequested(stop);
  if (token.isCancellationRequested) stop();
  try {
    const { exitCode, snapshot } = await follower.follow(ref);
    const merged = snapshot.view.state === 'completed' && (await mergeOf(services, ref));
    if (merged) output.line(mergeSummary(merged.manifest, services.formats));
    return exitCode;
  } finally {
    cancelling.dispose();
  }
}

async function merge(job: Job): Promise<ExitCode> {
  const { services, task, workspace } = job;
  const { key, onConflict, sort } = task;
  const inputs =
    task.inputs.length > 0 ? await filesOf(workspace, task.inputs) : await mastersOfCollection(job);
  if (inputs.length === 0) throw new BadTaskError(t('There is nothing to merge.'));
  const output = task.output === null ? null : path.resolve(workspace, task.output);
  return followed(job, () =>
    services.runs.merge({ workspace, inputs, output, key, onConflict, sort }),
  );
}

async function validate({ services, task, workspace, output, token }: Job): Promise<ExitCode> {
  const { validator, formats } = services;
  const paths = await filesOf(workspace, task.inputs);
  const sessions =
    task.collection === undefined
      ? []
      : (await sessionsOf(services, path.resolve(workspace, task.collection))).map(
          ({ ref }) => ref.session,
        );
  if (task.collection !== undefined && sessions.length + paths.length === 0) {
    output.line(t('{0} has no session yet: there is nothing to validate.', task.collection));
    return exitCodes.complete;
  }
  const onProgress = (progress: Parameters<typeof progressText>[0]) => {
    output.status(progressText(progress, formats));
  };
  const watch = { onProgress, token };
  const report = await validator.validate(workspace, { sessions, paths }, { watch });
  if (!report) return exitCodes.stopped;
  for (const finding of report.targets.flatMap(({ findings }) => findings)) {
    output.line(findingLine(finding, shownPath(finding.file, workspace)));
  }
  output.line(verdictText(report, formats));
  if (report.isCancelled) return exitCodes.stopped;
  return report.isValid ? exitCodes.complete : exitCodes.faulted;
}

function fileOf({ task, workspace }: Job): string {
  return path.resolve(workspace, task.collection ?? '');
}

/** Every session of a collection file, newest first. */
async function sessionsOf({ tracker }: Services, file: string): Promise<TrackedSession[]> {
  return (await tracker.list()).filter(
    ({ root, snapshot: { view } }) =>
      view.collectionFile !== '' && path.join(root, view.collectionFile) === file,
  );
}

async function mastersOfCollection(job: Job): Promise<string[]> {
  const sessions = await sessionsOf(job.services, fileOf(job));
  return sessions
    .flatMap(({ root, snapshot }) =>
      mastersOf(snapshot.view.files).map(({ file }) => path.join(root, file)),
    )
    .reverse();
}

/** The files that names and patterns stand for, those of a pattern by name. */
async function filesOf(workspace: string, inputs: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const input of inputs) {
    if (!/[*?{[]/.test(input) || existsSync(path.resolve(workspace, input))) {
      files.push(path.resolve(workspace, input));
      continue;
    }
    const pattern = new vscode.RelativePattern(vscode.Uri.file(workspace), input);
    const found = await vscode.workspace.findFiles(pattern, null);
    if (found.length === 0) throw new BadTaskError(t('No file is like {0}.', input));
    files.push(...found.map(({ fsPath }) => fsPath).sort());
  }
  return [...new Set(files)];
}

function shownPath(file: string, workspace: string): string {
  const relative = path.relative(workspace, file);
  return relative.startsWith('..') ? file : relative;
}
