import type { InDoubtWord } from '../../core/recoveryData.ts';
import { resumeSession, type ResumeChoices } from '../../engine/launch.ts';
import type { Environment } from '../../engine/beginRun.ts';
import { assessSession } from '../../engine/recovery/assess.ts';
import type { FoundSession } from '../../storage/sessions.ts';
import { assessmentLines } from '../assessmentText.ts';
import { usageError, type CommandLine, type CommandSpec } from '../command.ts';
import { commandLineEnvironment } from '../environment.ts';
import { exitCodes } from '../../core/exitCodes.ts';
import { findSession } from '../findSession.ts';
import { limitOptions, limitsFrom, limitUsage } from '../limitOptions.ts';
import { follow, unlessComplete } from '../follow.ts';
import { metricsOption, metricsUsage, withMetrics } from '../metricsOption.ts';
import { shownLines } from '../../core/shownText.ts';

/** `cf-collect resume`. */
export const resumeCommand: CommandSpec = {
  name: 'resume',
  usage: `  cf-collect resume SESSION                             take a session up again
      --checkpoint ID      from an older checkpoint: what was done since is done again
      --retry-failed       failed units are tried again, also of a session that is complete
      --thorough           compare every byte of its data files with the journal first
      --dry-run            only say what it would do
${limitUsage}
${metricsUsage}
      --repeat-in-doubt | --count-as-spent   a word on paid calls that may or may not have left`,
  operands: ['SESSION'],
  options: {
    ...limitOptions,
    ...metricsOption,
    checkpoint: { type: 'string' },
    'retry-failed': { type: 'boolean' },
    thorough: { type: 'boolean' },
    'dry-run': { type: 'boolean' },
    'repeat-in-doubt': { type: 'boolean' },
    'count-as-spent': { type: 'boolean' },
  },
  run: resume,
};

async function resume(line: CommandLine): Promise<number> {
  const inDoubt = wordOf(line);
  const limits = limitsFrom(line);
  const environment = await commandLineEnvironment();
  const found = await findSession(environment, line.workspace, line.operands[0] ?? '');
  if (line.has('dry-run')) return tellPlan(environment, found, line);
  const choices: ResumeChoices = {
    checkpoint: line.value('checkpoint'),
    retryFailed: line.has('retry-failed') ? null : undefined,
    isThorough: line.has('thorough'),
    inDoubt,
    limits,
  };
  return withMetrics(line, (track) =>
    unlessComplete(environment, line, async () =>
      follow(await resumeSession(environment, found.layout, choices), line.isJson, track),
    ),
  );
}

function wordOf(line: CommandLine): InDoubtWord | undefined {
  const isRepeated = line.has('repeat-in-doubt');
  const isSpent = line.has('count-as-spent');
  if (isRepeated && isSpent) {
    throw usageError('--repeat-in-doubt and --count-as-spent exclude each other');
  }
  if (isRepeated) return 'repeat';
  return isSpent ? 'count-as-spent' : undefined;
}

async function tellPlan(
  { ports }: Environment,
  { layout, view }: FoundSession,
  line: CommandLine,
): Promise<number> {
  const assessment = await assessSession(ports, layout, {
    checkpoint: line.value('checkpoint'),
    retriesFailed: line.has('retry-failed'),
  });
  const text = line.isJson
    ? JSON.stringify({ type: 'plan', session: layout.session, ...assessment })
    : shownLines(
        [
          `${layout.session}: ${view.name}, nothing was changed`,
          ...assessmentLines(assessment),
        ].join('\n'),
      );
  process.stdout.write(`${text}\n`);
  return exitCodes.complete;
}
