import { shownText } from '../../core/shownText.ts';

/** Between two characters that would mean something together; nothing is seen of it. */
const apart = '\u200b';

/**
 * A text of anybody's for a label of VS Code's: items of quick picks, the status bar, code lenses. There `$(name)`
 * would become an icon.
 *
 * @param maxLength characters; left out, as much as a person reads.
 */
export function labelText(text: string, maxLength?: number): string {
  return shownText(text, maxLength).replaceAll('$(', `$${apart}(`);
}

/**
 * A text that is, or has in it, a text of anybody's for a notification, or for what an input box asks. There
 * `[words](command:…)` would become a link that runs a command.
 */
export function messageText(text: string): string {
  return labelText(text).replaceAll('](', `]${apart}(`);
}

/** What a quick pick shows of an item. */
interface ItemTexts {
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
}

/** An item of a quick pick whose texts are text. */
export function plainItem<T extends ItemTexts>(item: T): T {
  const { label, description, detail } = item;
  return {
    ...item,
    label: labelText(label),
    ...(description !== undefined && { description: labelText(description) }),
    ...(detail !== undefined && { detail: labelText(detail) }),
  };
}
