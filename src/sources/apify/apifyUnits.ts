import type {
  ApifyRunOptions,
  ApifySourceConfig,
  FollowUpConfig,
} from '../../core/config/apifySource.ts';
import { canonicalJson, isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { fingerprint } from '../../core/keys.ts';
import { toFileName } from '../../core/names.ts';
import type { NewUnit, Unit } from '../../core/unit.ts';
import { forUnits, forValuesOf } from '../forValues/forUnits.ts';
import type { SourceContext } from '../source.ts';
import { Template, textsIn } from '../text/template.ts';
import type { UnitValues } from './apifyFields.ts';

/** Keys are shown to people, and kept in memory by the million. */
const longestKey = 300;
const microPerUsd = 1_000_000;

/** What the run of a unit is started with. */
export interface RunPlan {
  readonly actor: string;
  /** With templates. */
  readonly input: JsonObject;
  readonly options: ApifyRunOptions;
  /** Most that it may cost. */
  readonly maxUsd: number;
  readonly maxMicroUsd: number;
  readonly values: UnitValues;
  /** Whether its items are followed up, and make no records themselves. */
  readonly isFollowedUp: boolean;
}

/** One unit for every combination of the values of `for`. */
export async function* planUnits(
  config: ApifySourceConfig,
  context: Pick<SourceContext, 'root' | 'logger'>,
  signal: AbortSignal,
): AsyncGenerator<NewUnit, void, void> {
  const needed = templateNames(config.input);
  const lane = laneOf(config);
  for await (const { values, key, group } of forUnits(config.for, { needed }, context, signal)) {
    yield {
      key: key ?? config.actor,
      lane,
      group: group ?? toFileName(config.actor),
      input: { for: values },
    };
  }
}

/**
 * The unit of a further run for an item.
 *
 * @param parent what is kept of the item.
 * @returns undefined when the item has no value for a name that the input needs.
 */
export function followUpUnit(
  config: ApifySourceConfig,
  followUp: FollowUpConfig,
  of: Pick<Unit, 'input' | 'group'>,
  parent: JsonObject,
): NewUnit | undefined {
  const values: JsonObject = { ...forValuesOf(of.input), ...parent };
  const needed = [...templateNames(followUp.input)].map((name) => [name, values[name]] as const);
  if (needed.some(([, value]) => value === undefined || value === null)) return undefined;
  const key = `followUp ${canonicalJson(Object.fromEntries(needed) as JsonObject)}`;
  return {
    key: key.length <= longestKey ? key : `${key.slice(0, longestKey)}… ${fingerprint(key)}`,
    lane: laneOf(config),
    group: of.group,
    input: { for: forValuesOf(of.input) ?? {}, parent },
  };
}

/** What a unit's run is started with. */
export function runPlanOf(config: ApifySourceConfig, input: JsonObject): RunPlan {
  const { followUp } = config;
  const parent = input['parent'];
  const values: UnitValues = {
    for: forValuesOf(input) ?? {},
    parent: isJsonObject(parent) ? parent : {},
  };
  const isFollowUp = isJsonObject(parent) && followUp !== undefined;
  const of = isFollowUp ? followUp : config;
  return {
    actor: of.actor ?? config.actor,
    input: of.input,
    options: of.run,
    maxUsd: of.maxUsdPerRun,
    maxMicroUsd: Math.ceil(of.maxUsdPerRun * microPerUsd - 1e-6),
    values,
    isFollowedUp: followUp !== undefined && !isFollowUp,
  };
}

/** The names that stand in the templates of an input. */
export function templateNames(input: JsonValue): ReadonlySet<string> {
  return new Set([...textsIn(input, '')].flatMap(([, text]) => new Template(text).names));
}

/** Units of one API share a lane. */
function laneOf({ baseUrl }: ApifySourceConfig): string {
  return new URL(baseUrl).host;
}
