import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf, UsageError } from '../core/errors.ts';

interface Common {
  /** Absolute path. */
  readonly workspace: string;
  readonly isJson: boolean;
}

/** `cf-collect run`. */
export interface RunCommand extends Common {
  readonly name: 'run';
  /** Absolute path of the collection file. */
  readonly file: string;
  readonly target: number | undefined;
  readonly mode: 'new-only' | 'always-new' | 'resume-or-start';
}

/** `cf-collect resume` and `show`: a session by its id, or the beginning of it. */
export interface SessionCommand<Name extends string> extends Common {
  readonly name: Name;
  readonly session: string;
}

/** A command line. */
export type Command =
  | { readonly name: 'help' }
  | RunCommand
  | SessionCommand<'resume'>
  | SessionCommand<'show'>
  | (Common & { readonly name: 'sessions' });

/** What `cf-collect --help` prints. */
export const usageText = `cf-collect runs collections and never loses what it was given.

  cf-collect run FILE [--new | --resume] [--target N]   start a collection (NAME.collect.json)
  cf-collect resume SESSION                             take a session up again
  cf-collect sessions                                   list the sessions of the workspace
  cf-collect show SESSION                               what is known of a session

  --workspace DIR   the workspace folder; the current folder when left out
  --target N        complete at exactly N records
  --new             start another session, whatever there is
  --resume          go on with the newest session; start one where there is none
  --json            events as NDJSON on standard output, the last one a summary

Exit codes: 0 complete, 1 faulted, 2 bad usage or file, or held by another, 3 complete with failed
units, 4 paused by a guard (disk full, budget), 130 stopped by SIGINT or SIGTERM.
`;

/** Reads a command line. @throws UsageError that says what is wrong with it. */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parse(args);
  const [name, operand, ...surplus] = positionals;
  if (values.help === true || name === undefined || name === 'help') return { name: 'help' };
  if (surplus.length > 0) throw usage(`"${surplus.join(' ')}" is too much`);
  const common: Common = {
    workspace: resolve(values.workspace ?? '.'),
    isJson: values.json === true,
  };
  switch (name) {
    case 'run': {
      if (operand === undefined) throw usage('run needs a FILE');
      if (values.new === true && values.resume === true)
        throw usage('--new and --resume exclude each other');
      const mode =
        values.new === true
          ? 'always-new'
          : values.resume === true
            ? 'resume-or-start'
            : 'new-only';
      return {
        name,
        ...common,
        file: resolve(common.workspace, operand),
        target: targetOf(values.target),
        mode,
      };
    }
    case 'resume':
    case 'show':
      if (operand === undefined) throw usage(`${name} needs a SESSION`);
      return { name, ...common, session: operand };
    case 'sessions':
      return { name, ...common };
    default:
      throw usage(`there is no command "${name}"`);
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        workspace: { type: 'string' },
        target: { type: 'string' },
        new: { type: 'boolean' },
        resume: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw usage(messageOf(error));
  }
}

function targetOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const target = Number(text);
  if (!Number.isSafeInteger(target) || target < 1)
    throw usage(`--target needs a whole number from 1, not "${text}"`);
  return target;
}

function usage(message: string): UsageError {
  return new UsageError('USAGE', `${message}. See cf-collect --help.`, {});
}
