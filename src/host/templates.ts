import { applyEdits, modify } from 'jsonc-parser';

/** The templates in `media/templates`. */
export const templateNames = ['books', 'papers', 'generic'] as const;

/** The name of a template. */
export type TemplateName = (typeof templateNames)[number];

/** A template's text with another name in it, its comments kept. */
export function withName(text: string, name: string): string {
  return applyEdits(text, modify(text, ['name'], name, {}));
}
