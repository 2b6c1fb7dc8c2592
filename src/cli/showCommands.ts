import type { Environment } from '../engine/launch.ts';
import type { Command, SessionCommand } from './args.ts';
import { exitCodes } from './exitCodes.ts';
import { findSession, sessionsOfWorkspace } from './findSession.ts';
import { summaryOf } from './summary.ts';

/** `cf-collect sessions`. */
export async function sessionsCommand(
  environment: Environment,
  { workspace, isJson }: Extract<Command, { name: 'sessions' }>,
): Promise<number> {
  const sessions = await sessionsOfWorkspace(environment, workspace);
  for (const { layout, view, holder, isResumable, damage } of sessions) {
    if (isJson) {
      const summary = summaryOf(layout, view, view.activeMs);
      const more = {
        name: view.name,
        createdAt: view.createdAt,
        resumable: isResumable,
        holder,
        damage,
      };
      process.stdout.write(`${JSON.stringify({ ...summary, type: 'session', ...more })}\n`);
    } else {
      const words = [
        view.createdAt.slice(0, 16).replace('T', ' '),
        view.state.padEnd(11),
        `${view.records} records`,
      ];
      process.stdout.write(`${layout.session}  ${view.name.padEnd(16)} ${words.join('  ')}\n`);
    }
  }
  if (sessions.length === 0 && !isJson) process.stdout.write('No sessions here yet.\n');
  return exitCodes.complete;
}

/** `cf-collect show`. */
export async function showCommand(
  environment: Environment,
  { workspace, session: id, isJson }: SessionCommand<'show'>,
): Promise<number> {
  const { layout, view, holder, isResumable, damage } = await findSession(
    environment,
    workspace,
    id,
  );
  if (isJson) {
    const summary = summaryOf(layout, view, view.activeMs);
    process.stdout.write(
      `${JSON.stringify({ ...summary, type: 'session', view, holder, resumable: isResumable, damage })}\n`,
    );
    return exitCodes.complete;
  }
  const { done, failed, skipped, blocked, pending, in_progress: inProgress } = view.units;
  const lines = [
    `${layout.session}: ${view.name} (${view.collectionFile})`,
    `state        ${view.state}${view.reason === null ? '' : ` (${view.reason})`}${isResumable ? ', can be resumed' : ''}`,
    `begun        ${view.createdAt}, last event ${view.lastEventAt}`,
    `units        ${done} done, ${failed} failed, ${skipped} skipped, ${blocked} blocked, ${pending + inProgress} to do`,
    `records      ${view.records}, ${view.duplicates} duplicates, ${view.rejected} rejected`,
    ...view.files.map(
      (f) => `${f.role.padEnd(12)} ${layout.absolute(f.file)}: ${f.lines} lines, ${f.bytes} bytes`,
    ),
    `checkpoints  ${view.checkpointCount}${view.lastCheckpoint === null ? '' : `, last ${view.lastCheckpoint.id}`}`,
    ...(holder === undefined
      ? []
      : [`held by      process ${holder.pid} on ${holder.host} since ${holder.since}`]),
    ...(damage === undefined ? [] : [`damage       ${damage}`]),
    ...view.errors.slice(0, 5).map((e) => `error        ${e.at} ${e.key}: ${e.message}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return exitCodes.complete;
}
