import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { LeaveOut } from './gliderFields.ts';
import { numberOf, textOf, withSecrets } from './gliderSettings.ts';

/** glider's wait when it said nothing. */
const defaultWaitMs = 1000;

/** Whether glider opened the pages of a configuration in a browser. */
export function usesBrowser(config: JsonObject): boolean {
  return config['use_playwright'] === true && config['response_type'] !== 'json';
}

/** What a `browser` source says beside what `html` does: nothing where glider used no browser. */
export function mapBrowser(config: JsonObject, leaveOut: LeaveOut): Record<string, JsonValue> {
  if (!usesBrowser(config)) return {};
  const interactions = [...firstWait(config), ...mapInteractions(config, leaveOut)];
  const browser = mapOptions(config, leaveOut);
  return {
    ...(interactions.length === 0 ? {} : { interactions }),
    ...(config['interaction_failure_policy'] === 'fail' ? { onInteractionFailure: 'fail' } : {}),
    ...(Object.keys(browser).length === 0 ? {} : { browser }),
  };
}

/** Tells of what glider did in a browser and a source without one does not do. */
export function leaveOutBrowser(config: JsonObject, leaveOut: LeaveOut): void {
  if (usesBrowser(config)) return;
  const why =
    config['use_playwright'] === true
      ? 'answers in JSON are asked for without a browser'
      : 'glider did it only with use_playwright, which it does not say';
  if (config['use_playwright'] === true) leaveOut('use_playwright', why);
  listOf(config, 'interactions').forEach((interaction, i) => {
    leaveOut(`interactions[${i}] (${kindOf(interaction) ?? '?'})`, why);
  });
  for (const key of ['wait_for_selector', 'interaction_failure_policy', 'browser']) {
    const value = config[key];
    const isEmpty = isJsonObject(value) && Object.keys(value).length === 0;
    if (value !== undefined && value !== null && !isEmpty) leaveOut(key, why);
  }
}

/** glider waited for this element before anything else. */
function firstWait(config: JsonObject): JsonObject[] {
  const selector = textOf(config, 'wait_for_selector');
  return selector === undefined ? [] : [{ type: 'wait', selector }];
}

function mapInteractions(config: JsonObject, leaveOut: LeaveOut): JsonObject[] {
  return listOf(config, 'interactions').flatMap((interaction, i) => {
    const mapped = isJsonObject(interaction) ? mapInteraction(interaction) : 'it is no object';
    if (typeof mapped !== 'string') return [mapped];
    leaveOut(`interactions[${i}] (${kindOf(interaction) ?? '?'})`, mapped);
    return [];
  });
}

/** The interaction, or why there is none like it. */
function mapInteraction(interaction: JsonObject): JsonObject | string {
  const selector = textOf(interaction, 'selector');
  const value = interaction['value'];
  const text = typeof value === 'string' ? value : undefined;
  const type = kindOf(interaction);
  switch (type) {
    case 'click':
    case 'hover':
      return selector === undefined ? 'it names no element' : { type, selector };
    case 'fill':
      return selector === undefined || text === undefined
        ? 'it needs a selector and a value'
        : { type, selector, value: withSecrets(text) };
    case 'press':
      return selector === undefined || text === undefined || text === ''
        ? 'it needs a selector and a key'
        : { type, selector, value: text };
    case 'key':
      return text === undefined || text === '' ? 'it names no key' : { type, value: text };
    case 'wait':
      return { type, durationMs: Math.round(numberOf(interaction, 'duration') ?? defaultWaitMs) };
    case 'scroll':
      return { type };
    default:
      return 'unknown, also to glider';
  }
}

function mapOptions(config: JsonObject, leaveOut: LeaveOut): Record<string, JsonValue> {
  const { browser } = config;
  const mapped: Record<string, JsonValue> = {};
  if (!isJsonObject(browser)) return mapped;
  for (const [key, value] of Object.entries(browser)) {
    if (key === 'headless' && typeof value === 'boolean') mapped['headless'] = value;
    else if (key === 'viewport' && isSize(value)) mapped['viewport'] = value;
    else if (key === 'locale' && typeof value === 'string') mapped['locale'] = value;
    else if (value !== null) leaveOut(`browser.${key}`, 'source.browser has nothing like it');
  }
  return mapped;
}

function isSize(value: JsonValue): boolean {
  return (
    isJsonObject(value) &&
    Object.keys(value).length === 2 &&
    [value['width'], value['height']].every((side) => Number.isInteger(side) && Number(side) > 0)
  );
}

function kindOf(interaction: JsonValue): string | undefined {
  return isJsonObject(interaction) ? textOf(interaction, 'type') : undefined;
}

function listOf(config: JsonObject, name: string): readonly JsonValue[] {
  const list = config[name];
  return Array.isArray(list) ? (list as readonly JsonValue[]) : [];
}
