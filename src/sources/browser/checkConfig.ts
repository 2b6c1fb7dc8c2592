import type { BrowserSourceConfig } from '../../core/config/browserSource.ts';
import type {
  InteractionConfig,
  RepeatInteraction,
  SimpleInteraction,
} from '../../core/config/interactions.ts';
import type { Problem } from '../../core/errors.ts';
import { checkPageConfig } from '../html/checkConfig.ts';
import { secretNames } from '../text/secrets.ts';

/**
 * Everything wrong with a browser source that its schema can't see. Selectors of interactions are the browser's own and
 * are not looked at; those of items, fields and links are.
 */
export function checkBrowserConfig(config: BrowserSourceConfig): Problem[] {
  return [
    ...checkPageConfig(config),
    ...config.interactions.flatMap((one, i) => checkInteraction(one, `source.interactions.${i}`)),
    ...checkBrowser(config),
  ];
}

function checkInteraction(one: InteractionConfig, path: string): Problem[] {
  return one.type === 'repeat' ? checkRepeat(one, path) : checkSimple(one, path);
}

function checkSimple(one: SimpleInteraction, path: string): Problem[] {
  const problems: Problem[] = [];
  const contradicts = (message: string, key: string): void => {
    problems.push({ code: 'INTERACTION_CONTRADICTS', message, path: `${path}.${key}` });
  };
  if (one.type === 'scroll') {
    if (one.selector !== undefined && (one.until !== undefined || one.times !== undefined)) {
      contradicts(
        '"selector" is an element to scroll to, once: without "until" and "times".',
        'selector',
      );
    } else if (one.until !== undefined && one.times !== undefined) {
      contradicts('Give "times" or "until"; "max" bounds "until".', 'times');
    }
  }
  if (one.type === 'wait' && one.selector !== undefined && one.gone !== undefined) {
    contradicts('Give "selector" or "gone"; a second wait can do the other.', 'gone');
  }
  for (const [key, value] of Object.entries(one)) {
    if (one.type === 'fill' && key === 'value') continue;
    if (typeof value === 'string' && secretNames(value).length > 0) {
      problems.push({
        code: 'SECRET_MISPLACED',
        message: 'Only the value of "fill" may hold a secret: all else is written into the log.',
        path: `${path}.${key}`,
      });
    }
  }
  return problems;
}

function checkRepeat(one: RepeatInteraction, path: string): Problem[] {
  const problems = one.interactions.flatMap((inner, i) =>
    checkSimple(inner, `${path}.interactions.${i}`),
  );
  if (one.until === undefined && firstSelector(one) === undefined) {
    problems.push({
      code: 'REPEAT_WITHOUT_END',
      message: 'None of its interactions names an element that could be gone: give "until".',
      path: `${path}.until`,
    });
  }
  return problems;
}

/** The element that a round needs: when it is gone, there is no further round. */
export function firstSelector({ interactions }: RepeatInteraction): string | undefined {
  for (const one of interactions) {
    if ('selector' in one && one.selector !== undefined) return one.selector;
  }
  return undefined;
}

function checkBrowser({ browser }: BrowserSourceConfig): Problem[] {
  const { channel, executable } = browser;
  return channel === undefined || executable === undefined
    ? []
    : [
        {
          code: 'BROWSER_CONTRADICTS',
          message: 'Give "channel" or "executable".',
          path: 'source.browser.channel',
        },
      ];
}
