import { CollectorError, FaultError, HeldError, messageOf, UsageError } from '../core/errors.ts';
import { parseCommand, usageText, type Command } from './args.ts';
import { exitCodes } from './exitCodes.ts';
import { commandLineEnvironment } from './environment.ts';
import { resumeCommand, runCommand } from './runCommands.ts';
import { sessionsCommand, showCommand } from './showCommands.ts';

/** Carries out one command line; resolves to its exit code. Words for people go to standard error with `--json`. */
export async function runCli(args: readonly string[]): Promise<number> {
  hideSqliteWarning();
  try {
    return await dispatch(parseCommand(args));
  } catch (error) {
    process.stderr.write(`cf-collect: ${wordsFor(error)}\n`);
    if (error instanceof UsageError || error instanceof HeldError) return exitCodes.usage;
    return exitCodes.faulted;
  }
}

async function dispatch(command: Command): Promise<number> {
  switch (command.name) {
    case 'help':
      process.stdout.write(usageText);
      return exitCodes.complete;
    case 'run':
      return runCommand(await commandLineEnvironment(), command);
    case 'resume':
      return resumeCommand(await commandLineEnvironment(), command);
    case 'sessions':
      return sessionsCommand(await commandLineEnvironment(), command);
    case 'show':
      return showCommand(await commandLineEnvironment(), command);
  }
}

function wordsFor(error: unknown): string {
  if (error instanceof UsageError && error.code === 'UNFINISHED_SESSION') {
    return `${error.message}\n  Go on with it:  cf-collect run FILE --resume\n  Start afresh:   cf-collect run FILE --new`;
  }
  if (error instanceof FaultError) return error.message;
  if (error instanceof CollectorError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
}

/** `node:sqlite` is marked experimental in the Node versions of VS Code; a person can do nothing about it. */
function hideSqliteWarning(): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    const isSqlite = warning.name === 'ExperimentalWarning' && warning.message.includes('SQLite');
    if (!isSqlite) process.stderr.write(`${warning.name}: ${warning.message}\n`);
  });
}
