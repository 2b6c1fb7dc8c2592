import { CollectorError } from '../../core/errors.ts';
import { assessSession, type Assessment } from '../../engine/recovery/assess.ts';
import { sessionCalls } from '../../engine/paid/sessionCalls.ts';
import type { SessionView } from '../../core/view.ts';
import type { Environment } from '../../engine/beginRun.ts';
import type { SessionLayout } from '../../storage/layout.ts';
import { assessmentLines } from '../assessmentText.ts';
import { commandLineEnvironment } from '../environment.ts';
import type { CommandLine, CommandSpec } from '../command.ts';
import { exitCodes } from '../../core/exitCodes.ts';
import { findSession } from '../findSession.ts';
import { callLines, shownCalls } from '../moneyText.ts';
import { summaryOf } from '../summary.ts';
import { shownLines } from '../../core/shownText.ts';

/** `cf-collect show`. */
export const showCommand: CommandSpec = {
  name: 'show',
  usage:
    '  cf-collect show SESSION                               what is known of a session, and what resuming does',
  operands: ['SESSION'],
  options: {},
  run: show,
};

async function show({ workspace, isJson, operands }: CommandLine): Promise<number> {
  const environment = await commandLineEnvironment();
  const { layout, view, holder, isResumable, damage } = await findSession(
    environment,
    workspace,
    operands[0] ?? '',
  );
  const { assessment, problem } = await assess(environment, layout);
  const { fileSystem } = environment.ports;
  const calls = await sessionCalls(fileSystem, layout);
  const snapshots = await fileSystem.list(layout.snapshots);
  if (isJson) {
    const summary = summaryOf(layout, view, view.activeMs);
    process.stdout.write(
      `${JSON.stringify({ ...summary, type: 'session', view, holder, resumable: isResumable, damage: damage ?? problem, calls: calls.slice(-shownCalls), callCount: calls.length, ...assessment })}\n`,
    );
    return exitCodes.complete;
  }
  const { done, failed, skipped, blocked, pending, in_progress: inProgress } = view.units;
  const lines = [
    `${layout.session}: ${view.name} (${madeOf(view)})`,
    `state        ${view.state}${view.reason === null ? '' : ` (${view.reason})`}${isResumable ? ', can be resumed' : ''}`,
    `begun        ${view.createdAt}, last event ${view.lastEventAt}`,
    `units        ${done} done, ${failed} failed, ${skipped} skipped, ${blocked} blocked, ${pending + inProgress} to do`,
    `records      ${view.records}, ${view.duplicates} duplicates, ${view.rejected} rejected`,
    ...callLines(view, calls),
    ...view.files.map(
      (f) => `${f.role.padEnd(12)} ${layout.absolute(f.file)}: ${f.lines} lines, ${f.bytes} bytes`,
    ),
    `checkpoints  ${view.checkpointCount}${view.lastCheckpoint === null ? '' : `, last ${view.lastCheckpoint.id}`}`,
    ...(snapshots.length === 0
      ? []
      : [`pages        ${snapshots.length} are kept in ${layout.snapshots}`]),
    ...(holder === undefined
      ? []
      : [`held by      process ${holder.pid} on ${holder.host} since ${holder.since}`]),
    ...(damage === undefined ? [] : [`damage       ${damage}`]),
    ...(problem === undefined ? [] : [`problem      ${problem}`]),
    ...(assessment === undefined ? [] : assessmentLines(assessment)),
    ...view.errors.slice(0, 5).map((e) => `error        ${e.at} ${e.key}: ${e.message}`),
  ];
  process.stdout.write(`${shownLines(lines.join('\n'))}\n`);
  return exitCodes.complete;
}

/** The collection file; of a session without one, what it is. */
function madeOf({ collectionFile, remapOf }: SessionView): string {
  if (remapOf !== undefined) return `what ${remapOf} received, mapped again`;
  return collectionFile === '' ? 'a merge' : collectionFile;
}

/** Of a session whose journal does not even say what it is, only that is told. */
async function assess(
  { ports }: Environment,
  layout: SessionLayout,
): Promise<{ assessment?: Assessment; problem?: string }> {
  try {
    return { assessment: await assessSession(ports, layout) };
  } catch (error) {
    if (error instanceof CollectorError) return { problem: error.message };
    throw error;
  }
}
