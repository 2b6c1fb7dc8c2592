import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Formats } from '../../core/format.ts';
import type { LimitName } from '../../core/limits.ts';
import { templateLimit } from '../../core/newCollection.ts';
import { chooseOne, typeLine, type Step, type StepPlace } from './steps.ts';

/** The steps that ask when a new collection should stop, and what was answered. */
export class LimitSteps {
  readonly #formats: Formats;
  readonly #templateText: () => string;
  #chosen: Partial<Record<LimitName, number | null>> = {};

  /** @param templateText what the limits are that nobody has changed. */
  constructor(formats: Formats, templateText: () => string) {
    this.#formats = formats;
    this.#templateText = templateText;
  }

  /** What is to be otherwise than in the template; null: no limit. */
  get chosen(): Readonly<Partial<Record<LimitName, number | null>>> {
    return this.#chosen;
  }

  /** Another template was chosen. */
  forget(): void {
    this.#chosen = {};
  }

  /** Asks for the most money to spend. */
  readonly askBudget: Step = async (place) => {
    const now = this.#chosen.maxUsd ?? templateLimit(this.#templateText(), 'maxUsd') ?? 1;
    const end = await typeLine(place, {
      prompt: t(
        'Most money to spend, in US dollars. The session pauses before it could spend more.',
      ),
      value: String(now),
      check: (value) =>
        amountOf(value) === undefined ? t('Type an amount above zero.') : undefined,
    });
    if (end.kind === 'answer') this.#chosen.maxUsd = amountOf(end.value) ?? now;
    return end;
  };

  /** Shows the other limits, and asks for those that a person chooses. */
  readonly chooseLimits: Step = async (place) => {
    for (;;) {
      const items = [
        { label: t('Continue'), name: undefined, iconPath: new vscode.ThemeIcon('arrow-right') },
        ...(['target', 'maxRequests', 'maxMinutes'] as const).map((name) => this.#limitItem(name)),
      ];
      const end = await chooseOne(place, items, {
        placeholder: t('When should it stop? Choose a limit to change it.'),
      });
      if (end.kind !== 'answer' || end.value.name === undefined) return end;
      await this.#askLimit(place, end.value.name);
    }
  };

  #limitItem(name: LimitName): vscode.QuickPickItem & { readonly name: LimitName } {
    const value = this.#limit(name);
    const none = t('no limit');
    const shown = value === null ? none : this.#formats.count(value);
    switch (name) {
      case 'target':
        return {
          name,
          label: t('Records'),
          description: shown,
          detail: t('The collection is complete at exactly this many.'),
        };
      case 'maxRequests':
        return {
          name,
          label: t('Requests'),
          description: shown,
          detail: t('It pauses when so many were sent, over all starts and resumes.'),
        };
      case 'maxMinutes':
        return {
          name,
          label: t('Minutes'),
          description: shown,
          detail: t('It pauses after so much work, over all starts and resumes.'),
        };
      case 'maxUsd':
        return { name, label: t('US dollars'), description: shown };
    }
  }

  /** Asks for one limit; the way back leads to the list of all. */
  async #askLimit(place: StepPlace, name: LimitName): Promise<void> {
    const value = this.#limit(name);
    const { label, detail = '' } = this.#limitItem(name);
    const end = await typeLine(place, {
      prompt: t('{0}: {1} Leave it empty for no limit.', label, detail),
      value: value === null ? '' : String(value),
      check: (text) =>
        text.trim() === '' || countOf(text) !== undefined
          ? undefined
          : t('Type a whole number above zero.'),
    });
    if (end.kind === 'answer') this.#chosen[name] = countOf(end.value) ?? null;
  }

  /** The limit as it is now; null: none. */
  #limit(name: LimitName): number | null {
    const chosen = this.#chosen[name];
    return chosen === undefined ? (templateLimit(this.#templateText(), name) ?? null) : chosen;
  }
}

function amountOf(text: string): number | undefined {
  const amount = Number(text.trim().replace(/^\$/, '').replace(',', '.'));
  return text.trim() !== '' && Number.isFinite(amount) && amount > 0 ? amount : undefined;
}

function countOf(text: string): number | undefined {
  const count = Number(text.trim().replaceAll(/[,_\s]/g, ''));
  return text.trim() !== '' && Number.isSafeInteger(count) && count > 0 ? count : undefined;
}
