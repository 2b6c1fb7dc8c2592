import type { HtmlFieldConfig, PageSourceConfig } from '../../core/config/htmlSource.ts';
import { messageOf, type Problem } from '../../core/errors.ts';
import { checkFrom, checkTemplateNames } from '../forValues/checkNames.ts';
import { canonicalUrl } from './canonicalUrl.ts';
import { isForPath } from './fields.ts';
import { compileRegex } from './regex.ts';
import { exampleOf, rootTexts } from './roots.ts';
import { anyHost, parseHost, Scope } from './scope.ts';
import { compileSelector } from './selector.ts';

/**
 * Everything wrong with a source that walks web pages that its schema can't see: selectors and regular expressions that do not
 * compile, addresses that are none, settings that contradict each other. Empty when the source can be made of it.
 */
export function checkPageConfig(config: PageSourceConfig): Problem[] {
  const problems = [
    ...checkTemplateNames(rootTexts(config), config.for),
    ...checkRoots(config),
    ...config.follow.flatMap((selector, i) => checkSelector(selector, `source.follow.${i}`)),
    ...checkScope(config),
    ...(config.items === undefined ? [] : checkSelector(config.items, 'source.items')),
    ...checkFields(config),
  ];
  // A scope that does not compile says nothing about start pages.
  return problems.length > 0 ? problems : checkRootsInScope(config);
}

function checkRoots(config: PageSourceConfig): Problem[] {
  if (config.start.length === 0 && config.sitemaps.length === 0) {
    return [
      {
        code: 'NOTHING_TO_START_WITH',
        message: 'Nothing to start with: give source.start or source.sitemaps.',
        path: 'source.start',
      },
    ];
  }
  return rootTexts(config).flatMap(([path, text]) => checkUrl(config, text, path));
}

function checkUrl(config: PageSourceConfig, written: string, path: string): Problem[] {
  const problem = (message: string): Problem[] => [{ code: 'URL_INVALID', message, path }];
  if (written.includes('${secret:')) {
    return problem(
      "A page's address is written down, so it can't hold a secret. Put it into source.request.headers or cookies.",
    );
  }
  const text = exampleOf(config, written);
  if (text === undefined) return [];
  const url = URL.parse(text);
  if (url === null || canonicalUrl(text) === null) {
    const hint = /^[\w.-]+\.\w+(?:[:/]|$)/.test(text) ? ` Did you mean "https://${text}"?` : '';
    return problem(`"${text}" is no http or https URL.${hint}`);
  }
  if (url.username !== '' || url.password !== '') {
    return problem(
      "A page's address is written down, so it can't hold a password. Put an Authorization header with a " +
        '${secret:NAME} into source.request.headers.',
    );
  }
  return [];
}

function checkScope({ scope }: PageSourceConfig): Problem[] {
  return [
    ...(scope.hosts ?? []).flatMap((host, i) =>
      host !== anyHost && parseHost(host) === null
        ? [
            {
              code: 'HOST_INVALID',
              message: `"${host}" is no host. Give its name, and its port where it has one: "example.com:8080".`,
              path: `source.scope.hosts.${i}`,
            },
          ]
        : [],
    ),
    ...scope.include.flatMap((regex, i) => checkRegex(regex, `source.scope.include.${i}`)),
    ...scope.exclude.flatMap((regex, i) => checkRegex(regex, `source.scope.exclude.${i}`)),
  ];
}

function checkRootsInScope(config: PageSourceConfig): Problem[] {
  const scope = new Scope(config);
  const check = ([path, written]: readonly [string, string]): Problem[] => {
    const url = canonicalUrl(exampleOf(config, written) ?? '');
    const refusal = url === null ? undefined : scope.refuseHost(url);
    return refusal === undefined ? [] : [{ code: refusal.code, message: refusal.message, path }];
  };
  return rootTexts(config).flatMap(check);
}

function checkFields({ fields, for: values }: PageSourceConfig): Problem[] {
  const entries = Object.entries(fields);
  if (entries.length === 0) {
    return [{ code: 'NO_FIELDS', message: 'A record needs a field.', path: 'source.fields' }];
  }
  const names = Object.keys(values);
  return entries.flatMap(([name, field]) => checkField(field, `source.fields.${name}`, names));
}

function checkField(field: HtmlFieldConfig, path: string, names: readonly string[]): Problem[] {
  if (typeof field === 'string') return checkSelector(field, path);
  const { select, attr, list, from, regex } = field;
  const problems: Problem[] = [];
  if (Object.keys(field).length === 0) {
    problems.push({
      code: 'FIELD_EMPTY',
      message: 'The field says nothing: give select, attr, as or from.',
      path,
    });
  }
  if (from !== undefined && (select !== undefined || attr !== undefined || list !== undefined)) {
    problems.push({
      code: 'FIELD_CONTRADICTS',
      message:
        '"from" is a fact about the page; "select", "attr" and "list" are about a part of it. Give one.',
      path: `${path}.from`,
    });
  }
  if (from !== undefined && isForPath(from)) {
    problems.push(...checkFrom(from, [], names, `${path}.from`));
  }
  if (typeof select === 'string') problems.push(...checkSelector(select, `${path}.select`));
  else select?.forEach((s, i) => problems.push(...checkSelector(s, `${path}.select.${i}`)));
  if (regex !== undefined) problems.push(...checkRegex(regex, `${path}.regex`));
  return problems;
}

function checkSelector(selector: string, path: string): Problem[] {
  try {
    compileSelector(selector);
    return [];
  } catch (error) {
    const scrapy = /::(?:text|attr)\b/.test(selector)
      ? ' A text is taken without "::text", an attribute with { "select": …, "attr": … }.'
      : '';
    return [
      {
        code: 'SELECTOR_INVALID',
        message: `"${selector}" is no CSS selector: ${sentence(error)}${scrapy}`,
        path,
      },
    ];
  }
}

function checkRegex(source: string, path: string): Problem[] {
  try {
    compileRegex(source);
    return [];
  } catch (error) {
    return [{ code: 'REGEX_INVALID', message: sentence(error), path }];
  }
}

function sentence(error: unknown): string {
  return messageOf(error).replace(/\.?$/, '.');
}
