import { distance } from 'fastest-levenshtein';
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
import { Template, textsIn } from '../text/template.ts';
import { factNames } from './fields.ts';
import { openUrl } from './requestPlan.ts';
import { compileSelect } from './select.ts';

const headerName = /^[!#$%&'*+.^_`|~\w-]+$/;
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

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
  const texts = [
    ['source.url', config.url] as const,
    ...textsIn(config.query, 'source.query'),
    ...textsIn(config.body ?? null, 'source.body'),
    ...textsIn(config.request.headers ?? {}, 'source.request.headers'),
  ];
  const known = Object.keys(config.for);
  return texts.flatMap(([path, text]) =>
    new Template(text).names
      .filter((name) => !known.includes(name))
      .map((name) => ({
        code: 'TEMPLATE_UNKNOWN',
        message: `{${name}} stands for nothing: source.for has no "${name}". For the text itself write {{${name}}}.`,
        path,
        ...suggest(name, known),
      })),
  );
}

function checkUrl(config: RestSourceConfig): Problem[] {
  if (new Template(config.url).names.some((name) => !Object.hasOwn(config.for, name))) return [];
  // The first combination stands for all: their number has no limit.
  const values = Object.fromEntries(
    Object.entries(config.for).map(([name, list]) => [name, list[0] ?? '']),
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
  const known = [...factNames, ...names.map((name) => `for.${name}`)];
  if (known.includes(field.from)) return [];
  return [
    {
      code: 'FROM_UNKNOWN',
      message: `"${field.from}" is not one of ${known.join(', ')}.`,
      path: `${path}.from`,
      ...suggest(field.from, known),
    },
  ];
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

function suggest(given: string, known: readonly string[]): { suggestion?: string } {
  const near = known
    .map((name) => [name, distance(given.toLowerCase(), name.toLowerCase())] as const)
    .filter(([, far]) => far < given.length && far <= Math.max(2, Math.floor(given.length / 3)))
    .sort(([, a], [, b]) => a - b);
  const [best] = near;
  return best === undefined ? {} : { suggestion: best[0] };
}
