import type { ImportReport } from '../../core/importReport.ts';
import { importEarlier } from '../../engine/import/importEarlier.ts';
import type { CommandLine, CommandSpec } from '../command.ts';
import { commandLineEnvironment } from '../environment.ts';
import { exitCodes } from '../../core/exitCodes.ts';
import { commandLineJob, pathOf } from '../job.ts';
import { shownLines } from '../../core/shownText.ts';

/** `cf-collect import`. */
export const importCommand: CommandSpec = {
  name: 'import',
  usage: `  cf-collect import PATH [--collection FILE] [--name NAME]
                                                        carry an earlier system's data over`,
  operands: ['PATH'],
  options: { collection: { type: 'string' }, name: { type: 'string' } },
  run: importData,
};

async function importData(line: CommandLine): Promise<number> {
  const { workspace, isJson, operands } = line;
  const collection = line.value('collection');
  const request = {
    workspace,
    path: pathOf(workspace, operands[0] ?? ''),
    collection: collection === undefined ? undefined : pathOf(workspace, collection),
    name: line.value('name'),
  };
  const environment = await commandLineEnvironment();
  return commandLineJob(
    (job) => importEarlier(environment, request, job),
    (report) => {
      process.stdout.write(
        isJson
          ? `${JSON.stringify({ type: 'summary', ...report })}\n`
          : shownLines(wordsFor(report)),
      );
      return exitCodes.complete;
    },
  );
}

const kinds: Readonly<Record<ImportReport['kind'], string>> = {
  'compute-forecast-state': 'state of compute-forecast',
  'reply-guyd-master': 'a master of reply-guyd',
  'reply-guyd-checkpoint-data': 'checkpoint data of reply-guyd',
  'glider-config': 'a configuration of glider',
  'glider-run': 'a run of glider',
};

function wordsFor(report: ImportReport): string {
  const { kind, from, sessions, files, carriedOver, notCarriedOver, warnings } = report;
  const list = (title: string, items: readonly string[]): string[] =>
    items.length === 0 ? [] : [title, ...items.map((item) => `  ${item}`)];
  const lines = [
    `${from} is ${kinds[kind]}.`,
    ...list(
      'Sessions:',
      sessions.map(
        (s) =>
          `${s.session}  ${s.name}: ${s.records} records, ${s.unitsDone} units done, ${s.unitsToDo} to do`,
      ),
    ),
    ...list('Files:', files),
    ...list('Carried over:', carriedOver),
    ...list(
      'Not carried over:',
      notCarriedOver.map(({ what, why }) => `${what}: ${why}`),
    ),
    ...list('To know:', warnings),
    ...list(
      'To go on:',
      sessions.filter((s) => s.unitsToDo > 0).map((s) => `cf-collect resume ${s.session}`),
    ),
  ];
  return `${lines.join('\n')}\n`;
}
