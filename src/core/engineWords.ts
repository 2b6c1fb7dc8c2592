/** What tells a bundle's engine messages from the host's own words. */
export const engineComment = 'engine';

interface Template {
  /** What stands between its gaps. */
  readonly parts: readonly string[];
  readonly translation: string;
}

/** A message of more than this is no sentence of ours. */
const maxLength = 4000;
/** How deep messages stand in messages: "Writing failed: …". */
const maxDepth = 3;

/**
 * The engine's messages in a person's language. The engine speaks English, since its messages go into journals and
 * logs, where they outlive the language of an editor. The bundle has them as templates (`{0} is not there.`), so they
 * are found again here, with whatever stood in their gaps.
 */
export class EngineWords {
  readonly #bundle: Readonly<Record<string, unknown>>;
  #templates: readonly Template[] | undefined;

  /** @param bundle the translations of the editor's language; none for English. */
  constructor(bundle: Readonly<Record<string, unknown>> = {}) {
    this.#bundle = bundle;
  }

  /** The message translated; as it is where no template of ours fits. */
  say(message: string): string {
    return this.#say(message, 0);
  }

  #say(message: string, depth: number): string {
    if (message.length > maxLength || depth > maxDepth) return message;
    this.#templates ??= templatesIn(this.#bundle);
    for (const { parts, translation } of this.#templates) {
      const gaps = gapsOf(parts, message);
      if (!gaps) continue;
      return translation.replace(/\{(\d+)\}/g, (whole, index: string) => {
        const gap = gaps[Number(index)];
        return gap === undefined ? whole : this.#say(gap, depth + 1);
      });
    }
    return message;
  }
}

/** The templates of a bundle, those with the most words of their own first: they fit least by chance. */
function templatesIn(bundle: Readonly<Record<string, unknown>>): readonly Template[] {
  const end = `/${engineComment}`;
  return Object.entries(bundle)
    .flatMap(([key, translation]) =>
      key.endsWith(end) && typeof translation === 'string'
        ? [{ parts: key.slice(0, -end.length).split(/\{\d+\}/), translation }]
        : [],
    )
    .sort((a, b) => b.parts.join('').length - a.parts.join('').length);
}

/** What fills a template's gaps in a message; undefined when the message is not made from it. In one pass. */
function gapsOf(parts: readonly string[], message: string): readonly string[] | undefined {
  const [first = '', ...others] = parts;
  const last = others.pop();
  if (last === undefined) return message === first ? [] : undefined;
  const end = message.length - last.length;
  if (!message.startsWith(first) || !message.endsWith(last) || end < first.length) return undefined;
  const gaps: string[] = [];
  let at = first.length;
  for (const part of others) {
    const next = message.indexOf(part, at);
    if (next < 0 || next + part.length > end) return undefined;
    gaps.push(message.slice(at, next));
    at = next + part.length;
  }
  return [...gaps, message.slice(at, end)];
}
