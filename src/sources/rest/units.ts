import type { RestSourceConfig } from '../../core/config/restSource.ts';
import type { JsonObject } from '../../core/json.ts';
import { toFileName } from '../../core/names.ts';
import type { NewUnit } from '../../core/unit.ts';
import { forUnits, forValuesOf } from '../forValues/forUnits.ts';
import type { SourceContext } from '../source.ts';
import { Template, textsIn } from '../text/template.ts';
import { openUrl } from './requestPlan.ts';

/** One unit for every combination of the values of `for`. */
export async function* planUnits(
  config: RestSourceConfig,
  context: Pick<SourceContext, 'root' | 'logger'>,
  signal: AbortSignal,
): AsyncGenerator<NewUnit, void, void> {
  const needed = neededNames(config);
  for await (const { values, key, group } of forUnits(config.for, { needed }, context, signal)) {
    const host = openUrl(config, values)?.host ?? '';
    yield {
      key: key ?? config.url,
      lane: host,
      group: group ?? toFileName(host),
      input: { for: values },
    };
  }
}

/** The names of `for` without which there is no request. */
export function neededNames(config: RestSourceConfig): ReadonlySet<string> {
  return new Set(templatesOf(config).flatMap(([, text]) => new Template(text).names));
}

/** Every text of a REST source that may hold `{name}`, with the path that leads to it. */
export function templatesOf(config: RestSourceConfig): (readonly [path: string, text: string])[] {
  return [
    ['source.url', config.url],
    ...textsIn(config.query, 'source.query'),
    ...textsIn(config.body ?? null, 'source.body'),
    ...textsIn(config.request.headers ?? {}, 'source.request.headers'),
  ];
}

/** The values of `for` that a unit stands for. */
export function valuesOf(input: JsonObject): JsonObject {
  const values = forValuesOf(input);
  if (values === undefined) throw new Error('The input of this unit is not one of the REST source');
  return values;
}
