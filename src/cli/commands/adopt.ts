import { adoptMaster, type Adoption } from '../../engine/import/adopt.ts';
import { usageError, type CommandLine, type CommandSpec } from '../command.ts';
import { commandLineEnvironment } from '../environment.ts';
import { exitCodes } from '../../core/exitCodes.ts';
import { commandLineJob, pathOf } from '../job.ts';
import { shownLines } from '../../core/shownText.ts';

/** `cf-collect adopt`. */
export const adoptCommand: CommandSpec = {
  name: 'adopt',
  usage:
    '  cf-collect adopt MASTER --collection FILE             make a session from a master whose state is gone',
  operands: ['MASTER'],
  options: { collection: { type: 'string' } },
  run: adopt,
};

async function adopt(line: CommandLine): Promise<number> {
  const { workspace, isJson, operands } = line;
  const collection = line.value('collection');
  if (collection === undefined) throw usageError('adopt needs --collection FILE');
  const request = {
    workspace,
    master: pathOf(workspace, operands[0] ?? ''),
    collection: pathOf(workspace, collection),
  };
  const environment = await commandLineEnvironment();
  return commandLineJob(
    (job) => adoptMaster(environment, request, job),
    (adoption) => {
      process.stdout.write(
        isJson
          ? `${JSON.stringify({ type: 'summary', ...adoption })}\n`
          : shownLines(wordsFor(request.master, adoption)),
      );
      return exitCodes.complete;
    },
  );
}

function wordsFor(master: string, adoption: Adoption): string {
  const { session, records, rejected, badLines, duplicates, tornBytes } = adoption;
  const more = rejected - badLines.length;
  const lines = [
    `${master} is the master of ${session} now: ${records} records, whose keys are known.`,
    ...(duplicates === 0 ? [] : [`${duplicates} of them have the key of an earlier one.`]),
    ...(tornBytes === 0 ? [] : [`A torn last line of ${tornBytes} bytes was set aside.`]),
    ...(rejected === 0 ? [] : [`${rejected} lines are no records of the collection:`]),
    ...badLines.map((bad) => `  line ${bad.line}: ${bad.why}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
    `To go on: cf-collect resume ${session}`,
  ];
  return `${lines.join('\n')}\n`;
}
