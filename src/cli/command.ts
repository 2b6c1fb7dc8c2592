import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf, UsageError } from '../core/errors.ts';

/** One option of a command, as `parseArgs` takes it. An option's name means the same in every command that has it. */
export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly multiple?: boolean;
}

/** What a person asked for: one command line, read. */
export interface CommandLine {
  /** Absolute path of the workspace folder. */
  readonly workspace: string;
  readonly isJson: boolean;
  /** What stands beside the options: files, session ids. At least and at most as many as the command says. */
  readonly operands: readonly string[];
  /** Whether an option without a value is there. */
  has(option: string): boolean;
  /** The value of an option; undefined when it is not there. */
  value(option: string): string | undefined;
}

/** One command of `cf-collect`: everything that is known of it stands in its file under `commands/`. */
export interface CommandSpec {
  readonly name: string;
  /** Its lines in `--help`. */
  readonly usage: string;
  /** Names of its operands, for messages; `...` after the last one takes any number. */
  readonly operands: readonly string[];
  /** How many of the operands may be left out, from the last on. */
  readonly optionalOperands?: number;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Carries it out; resolves to the exit code (`exitCodes`). */
  run(line: CommandLine): Promise<number>;
}

const commonOptions: Readonly<Record<string, OptionSpec>> = {
  workspace: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
};

/** A command line that was understood. */
export type Parsed =
  | { readonly kind: 'help' }
  | { readonly kind: 'command'; readonly command: CommandSpec; readonly line: CommandLine };

/** Reads a command line. @throws UsageError that says what is wrong with it. */
export function parseCommandLine(
  args: readonly string[],
  commands: readonly CommandSpec[],
): Parsed {
  const options = Object.assign({}, commonOptions, ...commands.map((c) => c.options)) as Record<
    string,
    OptionSpec
  >;
  const { values, positionals } = parse(args, options);
  const [name, ...operands] = positionals;
  if (values['help'] === true || name === undefined || name === 'help') return { kind: 'help' };
  const command = commands.find((c) => c.name === name);
  if (command === undefined) throw usageError(`there is no command "${name}"`);
  for (const option of Object.keys(values)) {
    if (option in commonOptions || option in command.options) continue;
    throw usageError(`${name} has no option --${option}`);
  }
  checkOperands(command, operands);
  const workspace = values['workspace'];
  return {
    kind: 'command',
    command,
    line: {
      workspace: resolve(typeof workspace === 'string' ? workspace : '.'),
      isJson: values['json'] === true,
      operands,
      has: (option) => values[option] === true,
      value: (option) => {
        const value = values[option];
        return typeof value === 'string' ? value : undefined;
      },
    },
  };
}

function checkOperands(
  { name, operands, optionalOperands = 0 }: CommandSpec,
  given: readonly string[],
): void {
  const missing = operands[given.length];
  if (missing !== undefined && given.length < operands.length - optionalOperands) {
    throw usageError(`${name} needs a ${missing.replace('...', '')}`);
  }
  const takesMany = operands.at(-1)?.endsWith('...') === true;
  const surplus = takesMany ? [] : given.slice(operands.length);
  if (surplus.length > 0) throw usageError(`"${surplus.join(' ')}" is too much`);
}

function parse(
  args: readonly string[],
  options: Record<string, OptionSpec>,
): {
  values: Record<string, string | boolean | (string | boolean)[] | undefined>;
  positionals: string[];
} {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    throw usageError(messageOf(error));
  }
}

/** What is wrong with a command line. */
export function usageError(message: string): UsageError {
  return new UsageError('USAGE', `${message}. See cf-collect --help.`, {});
}
