import { HeldError } from '../../core/errors.ts';
import { discardSession } from '../../storage/discardSession.ts';
import type { FoundSession } from '../../storage/sessions.ts';
import type { CommandLine, CommandSpec } from '../command.ts';
import { commandLineEnvironment } from '../environment.ts';
import { exitCodes } from '../../core/exitCodes.ts';
import { findSession } from '../findSession.ts';
import { shownLines } from '../../core/shownText.ts';

/** `cf-collect discard`. */
export const discardCommand: CommandSpec = {
  name: 'discard',
  usage:
    '  cf-collect discard SESSION --yes                      forget a session; its data files stay',
  operands: ['SESSION'],
  options: { yes: { type: 'boolean' } },
  run: discard,
};

async function discard(line: CommandLine): Promise<number> {
  const environment = await commandLineEnvironment();
  const found = await findSession(environment, line.workspace, line.operands[0] ?? '');
  const { layout, holder } = found;
  const kept = found.view.files.map(({ file }) => layout.absolute(file));
  const tell = (isDone: boolean): void => {
    const text = line.isJson
      ? JSON.stringify({ type: 'discard', session: layout.session, isDone, kept })
      : shownLines(describe(found, kept, isDone));
    process.stdout.write(`${text}\n`);
  };
  if (!line.has('yes')) {
    tell(false);
    return exitCodes.usage;
  }
  if (holder !== undefined) {
    throw new HeldError(
      'SESSION_HELD',
      `${layout.session} is being carried out by process ${holder.pid} on ${holder.host}. Stop it there first.`,
      { session: layout.session },
    );
  }
  await discardSession({ ...environment.ports, ...environment.opener }, layout);
  tell(true);
  return exitCodes.complete;
}

function describe(
  { layout, view }: FoundSession,
  kept: readonly string[],
  isDone: boolean,
): string {
  const { pending, in_progress: inProgress } = view.units;
  const lines = [
    isDone
      ? `${layout.session} (${view.name}) is forgotten: ${layout.folder} is removed.`
      : `${layout.session} (${view.name}, ${view.state}, ${view.records} records, ${pending + inProgress} units to do) would be forgotten: ${layout.folder} with its journal, checkpoints and log would be removed. It could not be resumed any more.`,
    ...kept.map((file) => `stays        ${file}`),
    ...(isDone ? [] : ['Nothing was changed. To do it, add --yes.']),
  ];
  return lines.join('\n');
}
