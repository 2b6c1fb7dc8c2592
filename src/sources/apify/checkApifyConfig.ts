import type { ApifyFieldConfig, ApifySourceConfig } from '../../core/config/apifySource.ts';
import { messageOf, type Problem } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { checkFor } from '../forValues/checkFor.ts';
import { checkFrom, suggest } from '../forValues/checkNames.ts';
import { compileSelect } from '../rest/select.ts';
import { Template, textsIn } from '../text/template.ts';
import { factNames } from './apifyFields.ts';
import { templateNames } from './apifyUnits.ts';

/**
 * Everything wrong with an Apify source that its schema can't see: paths and expressions that do not compile, templates
 * that name nothing, times that do not fit together.
 *
 * @param root where files that `for` names are looked for; undefined leaves that out.
 */
export async function checkApifyConfig(
  config: ApifySourceConfig,
  root: string | undefined,
): Promise<Problem[]> {
  const { followUp } = config;
  const forNames = Object.keys(config.for);
  const parentNames = Object.keys(followUp?.parent ?? {});
  const problems = [
    ...checkInput(config.input, forNames, 'source.input'),
    ...checkSelect(config.where, 'source.where'),
    ...Object.entries(config.fields ?? {}).flatMap(([name, field]) =>
      checkField(field, `source.fields.${name}`, forNames, parentNames),
    ),
    ...checkDoubt(config),
  ];
  if (followUp !== undefined) {
    problems.push(
      ...checkInput(followUp.input, [...forNames, ...parentNames], 'source.followUp.input'),
      ...checkSelect(followUp.when, 'source.followUp.when'),
      ...Object.entries(followUp.parent).flatMap(([name, select]) => [
        ...checkSelect(select, `source.followUp.parent.${name}`),
        ...checkTwice(name, forNames),
      ]),
      ...checkIsOfItem(followUp.input, parentNames),
    );
  }
  if (root === undefined) return problems;
  return [...problems, ...(await checkFor(config.for, templateNames(config.input), root))];
}

function checkInput(input: JsonObject, known: readonly string[], path: string): Problem[] {
  return [...textsIn(input, path)].flatMap(([place, text]) =>
    new Template(text).names
      .filter((name) => !known.includes(name))
      .map((name) => ({
        code: 'TEMPLATE_UNKNOWN',
        message: `{${name}} stands for nothing${known.length === 0 ? '' : `: there is ${known.join(', ')}`}. For the text itself write {{${name}}}.`,
        path: place,
        ...suggest(name, known),
      })),
  );
}

function checkTwice(name: string, forNames: readonly string[]): Problem[] {
  if (!forNames.includes(name)) return [];
  const message = `"${name}" is in source.for, too: {${name}} could be either. Give one another name.`;
  return [{ code: 'NAME_TAKEN', message, path: `source.followUp.parent.${name}` }];
}

/** Without a value of the item every item would give the same run. */
function checkIsOfItem(input: JsonObject, parentNames: readonly string[]): Problem[] {
  const names = templateNames(input);
  if (parentNames.some((name) => names.has(name))) return [];
  return [
    {
      code: 'FOLLOW_UP_SAME',
      message:
        'The input of the further runs holds nothing of the item that they follow up: put a {name} of source.followUp.parent into it.',
      path: 'source.followUp.input',
    },
  ];
}

function checkField(
  field: ApifyFieldConfig,
  path: string,
  forNames: readonly string[],
  parentNames: readonly string[],
): Problem[] {
  if (typeof field === 'string') return checkSelect(field, path);
  const facts = [...factNames, ...parentNames.map((name) => `parent.${name}`)];
  const ofParent = /^(parent\.\w+)[.[]/.exec(field.from)?.[1];
  if (ofParent !== undefined && facts.includes(ofParent)) return [];
  return checkFrom(field.from, facts, forNames, `${path}.from`);
}

/** A path, or an expression after "=". */
function checkSelect(text: string | undefined, path: string): Problem[] {
  if (text === undefined) return [];
  try {
    compileSelect(text);
    return [];
  } catch (error) {
    const isExpression = text.startsWith('=');
    return [
      {
        code: isExpression ? 'JSONATA_INVALID' : 'PATH_INVALID',
        message: isExpression
          ? `The JSONata expression is not valid: ${messageOf(error)}.`
          : `"${text}" is no path: ${messageOf(error)}.`,
        path,
      },
    ];
  }
}

/** A run that a request on its way will start must not be taken for one that is not there. */
function checkDoubt({ timing, request }: ApifySourceConfig): Problem[] {
  if (timing.doubtMs > request.timeoutMs) return [];
  const message = `A request may be on its way for ${request.timeoutMs} ms (source.request.timeoutMs): a run that may have been started has to be looked for longer than that.`;
  return [{ code: 'DOUBT_TOO_SHORT', message, path: 'source.timing.doubtMs' }];
}
