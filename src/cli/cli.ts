import {
  codeOf,
  CollectorError,
  FaultError,
  HeldError,
  messageOf,
  UsageError,
} from '../core/errors.ts';
import { parseCommandLine, type CommandSpec } from './command.ts';
import { adoptCommand } from './commands/adopt.ts';
import { discardCommand } from './commands/discard.ts';
import { exportCommand } from './commands/export.ts';
import { importCommand } from './commands/import.ts';
import { installBrowserCommand } from './commands/installBrowser.ts';
import { mergeCommand } from './commands/merge.ts';
import { newCommand } from './commands/new.ts';
import { remapCommand } from './commands/remap.ts';
import { resumeCommand } from './commands/resume.ts';
import { runCommand } from './commands/run.ts';
import { sessionsCommand } from './commands/sessions.ts';
import { showCommand } from './commands/show.ts';
import { templatesCommand } from './commands/templates.ts';
import { validateCommand } from './commands/validate.ts';
import { exitCodes } from '../core/exitCodes.ts';
import { shownLines } from '../core/shownText.ts';

/** Every command, in the order of `--help`. */
const commands: readonly CommandSpec[] = [
  runCommand,
  resumeCommand,
  sessionsCommand,
  showCommand,
  discardCommand,
  validateCommand,
  mergeCommand,
  remapCommand,
  exportCommand,
  importCommand,
  adoptCommand,
  templatesCommand,
  newCommand,
  installBrowserCommand,
];

/** Carries out one command line; resolves to its exit code. Words for people go to standard error with `--json`. */
export async function runCli(args: readonly string[]): Promise<number> {
  hideKnownWarnings();
  try {
    const parsed = parseCommandLine(args, commands);
    if (parsed.kind === 'command') return await parsed.command.run(parsed.line);
    process.stdout.write(usageText());
    return exitCodes.complete;
  } catch (error) {
    process.stderr.write(`cf-collect: ${shownLines(wordsFor(error))}\n`);
    if (error instanceof UsageError || error instanceof HeldError) return exitCodes.usage;
    return exitCodes.faulted;
  }
}

/** What `cf-collect --help` prints. */
function usageText(): string {
  return `cf-collect runs collections and never loses what it was given.

${commands.map(({ usage }) => usage).join('\n')}

  --workspace DIR   the workspace folder; the current folder when left out
  --target N        complete at exactly N records
  --new             start another session, whatever there is
  --resume          go on with the newest session; start one where there is none
  --json            events as NDJSON on standard output, the last one a summary

Exit codes: 0 complete, 1 faulted, 2 bad usage or file, or held by another, 3 complete with failed
units, 4 paused by a guard (disk full, budget), 130 stopped by SIGINT or SIGTERM.
`;
}

function wordsFor(error: unknown): string {
  if (error instanceof UsageError && error.code === 'UNFINISHED_SESSION') {
    return `${error.message}\n  Go on with it:  cf-collect run FILE --resume\n  Start afresh:   cf-collect run FILE --new`;
  }
  if (error instanceof UsageError && error.code === 'IN_DOUBT') {
    return `${error.message}\n  Make them again:           cf-collect resume SESSION --repeat-in-doubt\n  Do not, fail their units:  cf-collect resume SESSION --count-as-spent`;
  }
  if (error instanceof FaultError) return error.message;
  if (error instanceof CollectorError) return error.message;
  // The system's own errors say it all: EACCES, the call, the path. Of ours the place is wanted.
  if (codeOf(error) !== 'INTERNAL') return messageOf(error);
  return error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
}

/** `node:sqlite` and `glob` are marked experimental in some Node versions; a person can do nothing about it. */
function hideKnownWarnings(): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    const isKnown = warning.name === 'ExperimentalWarning' && /SQLite|^glob /.test(warning.message);
    if (!isKnown) process.stderr.write(`${warning.name}: ${warning.message}\n`);
  });
}
