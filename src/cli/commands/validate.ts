import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import {
  findingLine,
  maxFindings,
  type TargetReport,
  type ValidationCheck,
  type ValidationReport,
} from '../../core/validation.ts';
import { validate } from '../../engine/validate/validate.ts';
import type { CommandLine, CommandSpec } from '../command.ts';
import { commandLineEnvironment } from '../environment.ts';
import { exitCodes } from '../../core/exitCodes.ts';
import { findSession } from '../findSession.ts';
import { limitYoungGeneration } from '../heapLimits.ts';
import { ProgressLine } from '../progressLine.ts';
import { shownLines } from '../../core/shownText.ts';

/** `cf-collect validate`. */
export const validateCommand: CommandSpec = {
  name: 'validate',
  usage: `  cf-collect validate [SESSION|MASTER|DIR]... [--schema FILE] [--fix-index]
                                                        check everything; exit 1 when something is wrong
      --schema FILE        a JSON Schema for records, instead of the collection's
      --fix-index          make an index anew from its journal`,
  operands: ['TARGET...'],
  optionalOperands: 1,
  options: { schema: { type: 'string' }, 'fix-index': { type: 'boolean' } },
  run,
};

/** Records live for one line only: a larger one is collected less often, and memory is still under 200 MB. */
const youngGenerationBytes = 32 * 1024 * 1024;

async function run(line: CommandLine): Promise<number> {
  limitYoungGeneration(youngGenerationBytes);
  const { workspace, isJson } = line;
  const environment = await commandLineEnvironment();
  const { ports, opener } = environment;
  const sessions: string[] = [];
  const paths: string[] = [];
  for (const operand of line.operands) {
    const isPath = existsSync(operand) || /[/\\]|\.jsonl$/.test(operand);
    if (isPath) paths.push(resolve(operand));
    else sessions.push((await findSession(environment, workspace, operand)).layout.session);
  }
  const controller = new AbortController();
  const cancel = (): void => {
    controller.abort();
  };
  process.once('SIGINT', cancel).once('SIGTERM', cancel);
  const progress = new ProgressLine('checking');
  try {
    const schema = line.value('schema');
    const report = await validate(
      { ...ports, via: opener.via },
      {
        workspace,
        sessions,
        paths,
        schema: schema === undefined ? null : resolve(schema),
        fixIndex: line.has('fix-index'),
      },
      {
        signal: controller.signal,
        onProgress: (now) => {
          progress.show(now);
        },
      },
    );
    progress.clear();
    process.stdout.write(isJson ? jsonText(report) : shownLines(reportText(report, process.cwd())));
    if (report.isCancelled) return exitCodes.stopped;
    return report.isValid ? exitCodes.complete : exitCodes.faulted;
  } finally {
    progress.clear();
    process.off('SIGINT', cancel).off('SIGTERM', cancel);
  }
}

function jsonText({ targets, ...report }: ValidationReport): string {
  const findings = targets.flatMap((target) => target.findings);
  const summary = {
    type: 'summary',
    ...report,
    targets: targets.map((target) => ({ ...target, findings: undefined })),
  };
  const lines = [...findings.map((finding) => ({ type: 'finding', ...finding })), summary];
  return `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`;
}

function reportText(report: ValidationReport, from: string): string {
  const { targets, isCancelled, isValid, durationMs } = report;
  const errors = targets.reduce((sum, { errorCount }) => sum + errorCount, 0);
  const notes = targets.reduce((sum, t) => sum + t.findingCount - t.errorCount, 0);
  const bytes = targets.reduce((sum, target) => sum + target.bytes, 0);
  const end = isCancelled
    ? 'Cancelled: what is not listed was not looked at.'
    : targets.length === 0
      ? 'There is nothing to check: no session, and no file of JSON lines.'
      : `${isValid ? '✓ All right' : `✗ ${counted(errors, 'error')}`}${notes > 0 ? `, ${counted(notes, 'note')}` : ''}: ` +
        `${counted(targets.length, 'target')}, ${megabytes(bytes)} in ${(durationMs / 1000).toFixed(1)} s`;
  return `${[...targets.flatMap((target) => targetLines(target, from)), end].join('\n')}\n`;
}

function targetLines(target: TargetReport, from: string): string[] {
  const { session, name, errorCount, findingCount, findings, records, checks } = target;
  const who = session === null ? name : `${name} (${session})`;
  const hidden = findingCount - findings.length;
  return [
    `${errorCount === 0 ? '✓' : '✗'} ${who}: ${counted(records, 'record')}`,
    ...checks.map((check) => checkLine(check)),
    ...findings.map((finding) => findingLine(finding, shownPath(finding.file, from))),
    ...(hidden > 0 ? [`and ${hidden} more: at most ${maxFindings} are listed`] : []),
    '',
  ];
}

const marks: Readonly<Record<ValidationCheck['outcome'], string>> = {
  passed: '✓',
  failed: '✗',
  skipped: '–',
};

function checkLine({ name, outcome, checked, reason }: ValidationCheck): string {
  return `  ${marks[outcome]} ${name.padEnd(12)} ${reason ?? checked.toLocaleString('en')}`;
}

/** From where the command runs, if the file is below. */
function shownPath(file: string, from: string): string {
  const path = relative(from, file);
  return path.startsWith('..') ? file : path;
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MB`;
}
