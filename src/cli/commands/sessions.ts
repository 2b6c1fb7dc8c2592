import { commandLineEnvironment } from '../environment.ts';
import type { CommandLine, CommandSpec } from '../command.ts';
import { exitCodes } from '../../core/exitCodes.ts';
import { sessionsOfWorkspace } from '../findSession.ts';
import { moneyWords } from '../moneyText.ts';
import { summaryOf } from '../summary.ts';
import { shownLines } from '../../core/shownText.ts';

/** `cf-collect sessions`. */
export const sessionsCommand: CommandSpec = {
  name: 'sessions',
  usage:
    '  cf-collect sessions                                   list the sessions of the workspace',
  operands: [],
  options: {},
  run: listThem,
};

async function listThem({ workspace, isJson }: CommandLine): Promise<number> {
  const environment = await commandLineEnvironment();
  const sessions = await sessionsOfWorkspace(environment, workspace);
  for (const { layout, view, holder, isResumable, damage } of sessions) {
    if (isJson) {
      const summary = summaryOf(layout, view, view.activeMs);
      const more = {
        name: view.name,
        createdAt: view.createdAt,
        spentMicroUsd: view.spentMicroUsd,
        reservedMicroUsd: view.reservedMicroUsd,
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
        moneyWords(view),
      ].filter((word) => word !== '');
      const text = `${layout.session}  ${view.name.padEnd(16)} ${words.join('  ')}`;
      process.stdout.write(`${shownLines(text)}\n`);
    }
  }
  if (sessions.length === 0 && !isJson) process.stdout.write('No sessions here yet.\n');
  return exitCodes.complete;
}
