import { EngineWords } from '../../core/engineWords.ts';

let words = new EngineWords();

/** Takes the translations of the editor's language, as `l10n.config` does for our own words. */
export function configEngineText(bundle: Readonly<Record<string, unknown>>): void {
  words = new EngineWords(bundle);
}

/** A message of the engine's in the editor's language; in English where it is not translated. */
export function engineText(message: string): string {
  return words.say(message);
}
