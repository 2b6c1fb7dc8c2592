import type { Collection } from '../core/config.ts';
import { limitNames, type LimitName } from '../core/limits.ts';
import { limitOption } from '../engine/reachedLimits.ts';
import { usageError, type CommandLine, type OptionSpec } from './command.ts';

/** Lines of `--help` about {@link limitOptions}. */
export const limitUsage = `      --target N | --max-usd N | --max-requests N | --max-minutes N   limits for this start, in place of the file's`;

/** Options that set limits, for commands that start something. */
export const limitOptions: Readonly<Record<string, OptionSpec>> = Object.fromEntries(
  limitNames.map((name) => [limitOption(name).slice(2), { type: 'string' }] as const),
);

/** The limits that a command line sets. @throws UsageError where one is no number that a limit can be. */
export function limitsFrom(line: CommandLine): Partial<Collection['limits']> {
  const given = limitNames.flatMap((name) => {
    const text = line.value(limitOption(name).slice(2));
    return text === undefined ? [] : [[name, numberOf(name, text)] as const];
  });
  return Object.fromEntries(given);
}

function numberOf(name: LimitName, text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  const isWhole = name === 'target' || name === 'maxRequests';
  if (isWhole ? Number.isSafeInteger(value) && value >= 1 : Number.isFinite(value) && value > 0) {
    return value;
  }
  const wanted = isWhole ? 'a whole number from 1' : 'a number above 0';
  throw usageError(`${limitOption(name)} needs ${wanted}, not "${text}"`);
}
