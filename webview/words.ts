import type { Formats } from '../src/core/format.ts';
import type { DashboardStringKey, DashboardStrings } from '../src/protocol/webview.ts';

/** The page's language: translated words and the locale's numbers. */
export interface Words {
  /** The translated text, `{0}` and so on replaced by the values. */
  readonly t: (key: DashboardStringKey, ...values: readonly string[]) => string;
  readonly format: Formats;
}

/** Words from the host's strings. */
export function createWords(strings: DashboardStrings, format: Formats): Words {
  return {
    t: (key, ...values) =>
      strings[key].replace(/\{(\d)\}/g, (whole, index) => values[Number(index)] ?? whole),
    format,
  };
}
