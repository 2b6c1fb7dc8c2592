import { templates } from '../../core/templates.ts';
import type { CommandLine, CommandSpec } from '../command.ts';
import { exitCodes } from '../../core/exitCodes.ts';

/** `cf-collect templates`. */
export const templatesCommand: CommandSpec = {
  name: 'templates',
  usage:
    '  cf-collect templates                                  list what a new collection can begin with',
  operands: [],
  options: {},
  run: listThem,
};

function listThem({ isJson }: CommandLine): Promise<number> {
  for (const { name, kind, title, about } of templates) {
    process.stdout.write(
      isJson
        ? `${JSON.stringify({ type: 'template', name, kind, title, about })}\n`
        : `${name.padEnd(20)} ${title}: ${about}\n`,
    );
  }
  return Promise.resolve(exitCodes.complete);
}
