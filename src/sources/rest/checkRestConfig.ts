import type {
  PaginateConfig,
  RestFieldConfig,
  RestSourceConfig,
} from '../../core/config/restSource.ts';
import { messageOf, type Problem } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { ExpressionError } from '../text/expression.ts';
import { PathSyntaxError, parsePath } from '../text/jsonPath.ts';
import { secretNames } from '../text/secrets.ts';
import { Template } from '../text/template.ts';
import { checkFor } from '../forValues/checkFor.ts';
import { checkFrom, checkTemplateNames } from '../forValues/checkNames.ts';
import { isFile } from '../forValues/forUnits.ts';
import { factNames } from './fields.ts';
import { openUrl } from './requestPlan.ts';
import { compileSelect } from './select.ts';
import { neededNames, templatesOf } from './units.ts';

const headerName = /^[!#$%&'*+.^_`|~\w-]+$/;
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** What {@link checkRestConfig} finds, and what is wrong with the files that `for` names where `root` is given. */
export async function checkRestSource(
  config: RestSourceConfig,
  root: string | undefined,
): Promise<Problem[]> {
  const problems = checkRestConfig(config);
  if (root === undefined) return problems;
  return [...problems, ...(await checkFor(config.for, neededNames(config), root))];
}

/**
 * Everything wrong with a REST source that its schema can't see: paths and expressions that do not compile, templates
 * that name nothing, addresses that are none. Empty when the source can be made of it.
 */
export function checkRestConfig(config: RestSourceConfig): Problem[] {
  return [
    ...checkTemplates(config),
    ...checkUrl(config),
    ...checkHeaders(config),
    ...checkProxy(config),
    ...checkBody(config),
    ...checkPaging(config.paginate),
    ...checkSelect(config.items, 'source.items'),
    ...checkAnswerPath(config.total, 'source.total'),
    ...config.noItemsWhen.flatMap((path, i) => checkAnswerPath(path, `source.noItemsWhen.${i}`)),
    ...checkBatch(config),
    ...Object.entries(config.fields ?? {}).flatMap(([name, field]) =>
      checkField(field, `source.fields.${name}`, Object.keys(config.for)),
    ),
  ];
}

function checkTemplates(config: RestSourceConfig): Problem[] {
  return checkTemplateNames(templatesOf(config), config.for);
}

function checkUrl(config: RestSourceConfig): Problem[] {
  const template = new Template(config.url);
  if (template.names.some((name) => !Object.hasOwn(config.for, name))) return [];
  const only = template.onlyName === undefined ? undefined : config.for[template.onlyName];
  // What stands in the file's lines shows when they are read.
  if (only !== undefined && isFile(only)) return [];
  // The first combination stands for all: their number has no limit.
  const values = Object.fromEntries(
    Object.entries(config.for).map(([name, list]) => [name, isFile(list) ? 'x' : (list[0] ?? '')]),
  );
  const problem = (message: string): Problem[] => [
    { code: 'URL_INVALID', message, path: 'source.url' },
  ];
  const url = openUrl(config, values satisfies JsonObject);
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    const hint = /^[\w.-]+\.\w+(?:[:/]|$)/.test(config.url)
      ? ` Did you mean "https://${config.url}"?`
      : '';
    return problem(`"${config.url}" is no http or https URL.${hint}`);
  }
  if (url.password !== '' && secretNames(config.url).length === 0) {
    return problem(
      'The address is written down, so it must not hold a password. Put a ${secret:NAME} in its place, or into ' +
        'source.request.headers.',
    );
  }
  return [];
}

function checkHeaders({ request }: RestSourceConfig): Problem[] {
  return Object.entries(request.headers ?? {}).flatMap(([name, value]) => {
    const path = `source.request.headers.${name}`;
    if (!headerName.test(name))
      return [{ code: 'HEADER_INVALID', message: `"${name}" can't be a header's name.`, path }];
    return headerValue.test(value)
      ? []
      : [
          {
            code: 'HEADER_INVALID',
            message: 'A header can hold neither line breaks nor letters beyond Latin-1.',
            path,
          },
        ];
  });
}

function checkProxy({ request }: RestSourceConfig): Problem[] {
  const { proxy } = request;
  if (proxy === undefined || secretNames(proxy).length > 0) return [];
  if (/^(https?|socks5?):$/.test(URL.parse(proxy)?.protocol ?? '')) return [];
  const message = 'The proxy is no URL, such as http://proxy.example:3128.';
  return [{ code: 'URL_INVALID', message, path: 'source.request.proxy' }];
}

function checkBody({ method, body, paginate }: RestSourceConfig): Problem[] {
  const problems: Problem[] = [];
  if (body !== undefined && method !== 'POST') {
    problems.push({
      code: 'BODY_WITHOUT_POST',
      message: 'A body is sent with "method": "POST" only.',
      path: 'source.body',
    });
  }
  if ('in' in paginate && paginate.in === 'body') {
    const path = 'source.paginate.in';
    if (method !== 'POST')
      problems.push({
        code: 'BODY_WITHOUT_POST',
        message: 'Only a POST has a body to put the parameter into.',
        path,
      });
    else if (typeof body !== 'object' || body === null || Array.isArray(body))
      problems.push({
        code: 'BODY_NO_OBJECT',
        message: 'The parameter goes into the body, so source.body has to be an object.',
        path,
      });
  }
  return problems;
}

function checkPaging(paginate: PaginateConfig): Problem[] {
  const at = (key: string): string => `source.paginate.${key}`;
  const ofParam =
    'in' in paginate && paginate.in === 'body' ? checkKeys(paginate.param, at('param')) : [];
  switch (paginate.type) {
    case 'none':
    case 'link':
    case 'header':
      return ofParam;
    case 'page':
      return [...ofParam, ...checkAnswerPath(paginate.totalPages, at('totalPages'))];
    case 'offset':
      return [...ofParam, ...checkAnswerPath(paginate.next, at('next'))];
    case 'cursor':
    case 'next':
    case 'keyset':
      return [...ofParam, ...checkAnswerPath(paginate.from, at('from'))];
    case 'continue':
      return [
        ...checkAnswerPath(paginate.from, at('from')),
        ...(paginate.mergeBy === undefined ? [] : checkPath(paginate.mergeBy, at('mergeBy'))),
        ...checkAnswerPath(paginate.batchEnd, at('batchEnd')),
      ];
  }
}

/** What is paid for is written down as it comes, and must not wait in memory for its other parts. */
function checkBatch({ paginate, price }: RestSourceConfig): Problem[] {
  if (price === undefined || paginate.type !== 'continue' || paginate.mergeBy === undefined)
    return [];
  const message =
    'Answers that are paid for are kept one by one: mergeBy and price exclude each other.';
  return [{ code: 'BATCH_PRICED', message, path: 'source.paginate.mergeBy' }];
}

/** A path in the body, or header:NAME. */
function checkAnswerPath(text: string | undefined, path: string): Problem[] {
  if (text === undefined) return [];
  if (!text.startsWith('header:')) return checkPath(text, path);
  const name = text.slice('header:'.length).trim();
  if (headerName.test(name)) return [];
  return [{ code: 'HEADER_INVALID', message: 'After "header:" comes a header\'s name.', path }];
}

function checkField(field: RestFieldConfig, path: string, names: readonly string[]): Problem[] {
  if (typeof field === 'string') return checkSelect(field, path);
  return checkFrom(field.from, factNames, names, `${path}.from`);
}

/** A path, or an expression after "=". */
function checkSelect(text: string, path: string): Problem[] {
  if (!text.startsWith('=')) return checkPath(text, path);
  try {
    compileSelect(text);
    return [];
  } catch (error) {
    const offset = error instanceof ExpressionError ? error.offset : undefined;
    const place = offset === undefined ? '' : ` (at character ${offset + 1})`;
    const message = `The JSONata expression is not valid: ${messageOf(error)}${place}.`;
    return [{ code: 'JSONATA_INVALID', message, path }];
  }
}

/** A path of names only, to put a value at. */
function checkKeys(text: string, path: string): Problem[] {
  const problems = checkPath(text, path);
  if (problems.length > 0 || parsePath(text).every((step) => typeof step === 'string'))
    return problems;
  return [{ code: 'PATH_INVALID', message: 'The path must hold names only.', path }];
}

function checkPath(text: string, path: string): Problem[] {
  try {
    parsePath(text);
    return [];
  } catch (error) {
    const place = error instanceof PathSyntaxError ? ` (at character ${error.offset + 1})` : '';
    const message = `"${text}" is no path: ${messageOf(error)}${place}.`;
    return [{ code: 'PATH_INVALID', message, path }];
  }
}
