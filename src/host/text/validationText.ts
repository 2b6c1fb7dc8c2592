import { t } from '@vscode/l10n';
import path from 'node:path';
import type { Formats } from '../../core/format.ts';
import type {
  CheckName,
  Finding,
  TargetReport,
  ValidationCheck,
  ValidationReport,
} from '../../core/validation.ts';
import { bullets, escapeText, factTable, page, section, table, type Row } from './markdown.ts';
import { problemsPhrase, recordsPhrase } from './phrases.ts';

/** A validation as a page that a person reads: what was checked, what was found, what was not wrong. Markdown. */
export function validationMarkdown(report: ValidationReport, formats: Formats): string {
  const { targets, startedAt, durationMs } = report;
  const rows: Row[] = [
    [t('Result'), verdictText(report, formats)],
    [t('When'), formats.dateTime(Date.parse(startedAt))],
    [t('Took'), tookText(durationMs, formats)],
    [t('Read'), formats.bytes(sum(targets, ({ bytes }) => bytes))],
    [t('Records'), formats.count(sum(targets, ({ records }) => records))],
  ];
  return page([
    `# ${t('Validation report')}`,
    factTable(rows),
    ...(targets.length > 1 ? overview(targets, formats) : []),
    ...targets.flatMap((target) => targetSection(target, formats)),
  ]);
}

/** What validating came to, in one line. */
export function verdictText(report: ValidationReport, formats: Formats): string {
  const { targets, isCancelled, isValid } = report;
  const problems = sum(targets, ({ errorCount }) => errorCount);
  if (isCancelled) {
    return isValid
      ? t('Cancelled; no problems up to then.')
      : t('Cancelled; {0} up to then.', problemsPhrase(problems, formats));
  }
  if (targets.length === 0) return t('There was nothing to validate.');
  const records = recordsPhrase(
    sum(targets, (target) => target.records),
    formats,
  );
  const [only] = targets;
  if (isValid) {
    return targets.length === 1 && only
      ? t('{0} is valid: {1}, no problems.', only.name, records)
      : t('All {0} are valid: {1}, no problems.', formats.count(targets.length), records);
  }
  const bad = targets.filter(({ errorCount }) => errorCount > 0);
  return bad.length === 1 && bad[0]
    ? t('{0} has {1}.', bad[0].name, problemsPhrase(problems, formats))
    : t(
        '{0} of {1} have problems, {2} together.',
        formats.count(bad.length),
        formats.count(targets.length),
        formats.count(problems),
      );
}

/** `0.4 s`; from a minute on `0:01:04`. */
function tookText(ms: number, formats: Formats): string {
  return ms < 60_000 ? t('{0} s', formats.rate(ms / 1000)) : formats.duration(ms);
}

function overview(targets: readonly TargetReport[], formats: Formats): readonly string[] {
  return section(
    t('Overview'),
    table(
      [t('Name'), t('Session'), t('Records'), t('Problems')],
      targets.map(({ name, session, records, errorCount }) => [
        name,
        session ?? '–',
        formats.count(records),
        errorCount === 0 ? t('none') : formats.count(errorCount),
      ]),
      [2, 3],
    ),
  );
}

function targetSection(target: TargetReport, formats: Formats): readonly string[] {
  const { name, session, checks, findings, findingCount, files } = target;
  const left = findingCount - findings.length;
  return section(
    escapeText(name),
    session === null ? '' : escapeText(session),
    table(
      [t('Check'), t('Checked'), t('Result')],
      checks.map((check) => [
        checkWord(check.name),
        formats.count(check.checked),
        outcomeText(check),
      ]),
      [1],
    ),
    findings.length === 0 ? '' : `### ${t('Findings')}`,
    ...findingGroups(findings, formats),
    left > 0 ? escapeText(t('{0} more are not listed.', formats.count(left))) : '',
    files.length === 0 ? '' : `### ${t('Files that were read')}`,
    bullets(files),
  );
}

/** Findings under the file that they are in, in the order of the report. */
function findingGroups(findings: readonly Finding[], formats: Formats): readonly string[] {
  const byFile = Map.groupBy(findings, ({ file }) => file);
  return [...byFile].flatMap(([file, inFile]) => [
    `**${escapeText(path.basename(file))}**`,
    table(
      [t('Line'), t('What'), t('Code')],
      inFile.map(({ line, column, severity, message, code }) => [
        placeText(line, column, formats),
        `${severityMark(severity)}${message}`,
        code,
      ]),
      [0],
    ),
  ]);
}

/** `1,204:17`; empty for a finding about the whole file. */
function placeText(line: number | undefined, column: number | undefined, formats: Formats): string {
  if (line === undefined) return '';
  return column === undefined ? formats.count(line) : `${formats.count(line)}:${String(column)}`;
}

function severityMark(severity: Finding['severity']): string {
  switch (severity) {
    case 'error':
      return '';
    case 'warning':
      return `${t('Warning:')} `;
    case 'info':
      return `${t('Note:')} `;
  }
}

function outcomeText({ outcome, reason }: ValidationCheck): string {
  switch (outcome) {
    case 'passed':
      return `✓ ${t('good')}`;
    case 'failed':
      return `✗ ${t('problems')}`;
    case 'skipped':
      return reason === undefined ? t('not checked') : t('not checked: {0}', reason);
  }
}

/** What a kind of check looks at. */
function checkWord(name: CheckName): string {
  const words: Record<CheckName, string> = {
    lines: t('Every line is a record'),
    schema: t('Records fit their schema'),
    ranges: t('Files are as the journal says'),
    journal: t('Chain of the journal'),
    checkpoints: t('Checkpoints'),
    summary: t('Summary and its backup'),
    index: t('Index equals the journal'),
    keys: t('No key twice'),
    counts: t('Counts equal a recount'),
    units: t('Finished units have their records'),
    raw: t('Pages as received are whole'),
    money: t('Paid calls and what they cost'),
  };
  return words[name];
}

function sum(targets: readonly TargetReport[], value: (target: TargetReport) => number): number {
  return targets.reduce((total, target) => total + value(target), 0);
}
