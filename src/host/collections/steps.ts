import * as vscode from 'vscode';
import { labelText, messageText, plainItem } from '../text/plainText.ts';

/** Where a step stands among all. */
export interface StepPlace {
  readonly title: string;
  /** From 1. */
  readonly step: number;
  readonly totalSteps: number;
}

/** How a step ended: with an answer, by the button that leads to the step before, or by Esc. */
export type StepEnd<T> =
  | { readonly kind: 'answer'; readonly value: T }
  | { readonly kind: 'back' }
  | { readonly kind: 'left' };

/** A step of a guided choice; it keeps what was answered, so that coming back finds it. */
export type Step = (place: StepPlace) => Promise<StepEnd<unknown>>;

/**
 * Goes through steps, forwards and back. The steps may become others with each answer.
 *
 * @returns whether the last one was answered; false when it was left.
 */
export async function walkSteps(title: string, stepsNow: () => readonly Step[]): Promise<boolean> {
  let at = 0;
  for (;;) {
    const steps = stepsNow();
    const step = steps[at];
    if (step === undefined) return true;
    const { kind } = await step({ title, step: at + 1, totalSteps: steps.length });
    if (kind === 'left') return false;
    at += kind === 'back' ? -1 : 1;
  }
}

/** What a step to choose from shows. */
export interface ChoiceOptions<T> {
  readonly placeholder: string;
  /** Chosen to begin with. */
  readonly active?: T;
  readonly picked?: readonly T[];
  readonly matchesAll?: boolean;
}

/** A step to choose one of several. */
export async function chooseOne<T extends vscode.QuickPickItem>(
  place: StepPlace,
  items: readonly T[],
  options: ChoiceOptions<T>,
): Promise<StepEnd<T>> {
  const end = await choose(place, items, options, false);
  if (end.kind !== 'answer') return end;
  const [value] = end.value;
  return value === undefined ? { kind: 'left' } : { kind: 'answer', value };
}

/** A step to choose any number of several. */
export function chooseMany<T extends vscode.QuickPickItem>(
  place: StepPlace,
  items: readonly T[],
  options: ChoiceOptions<T>,
): Promise<StepEnd<readonly T[]>> {
  return choose(place, items, options, true);
}

/** A step to type a line. Whatever is wrong with it is said while it is typed. */
export async function typeLine(
  place: StepPlace,
  options: {
    readonly prompt: string;
    readonly value: string;
    readonly placeholder?: string;
    /** What is wrong with a line; undefined when nothing is. */
    readonly check?: (value: string) => Promise<string | undefined> | string | undefined;
  },
): Promise<StepEnd<string>> {
  const input = vscode.window.createInputBox();
  dress(input, place);
  input.prompt = messageText(options.prompt);
  input.value = options.value;
  input.placeholder = options.placeholder ?? '';
  const check = async (value: string): Promise<boolean> => {
    const problem = await options.check?.(value);
    if (input.value === value) {
      input.validationMessage = problem === undefined ? undefined : messageText(problem);
    }
    return problem === undefined;
  };
  const typing = input.onDidChangeValue((value) => void check(value));
  try {
    return await untilEnd(input, async () => {
      const { value } = input;
      return (await check(value)) ? { kind: 'answer', value } : undefined;
    });
  } finally {
    typing.dispose();
  }
}

async function choose<T extends vscode.QuickPickItem>(
  place: StepPlace,
  items: readonly T[],
  { placeholder, active, picked = [], matchesAll = false }: ChoiceOptions<T>,
  isMany: boolean,
): Promise<StepEnd<readonly T[]>> {
  const pick = vscode.window.createQuickPick<T & { readonly item: T }>();
  dress(pick, place);
  pick.placeholder = placeholder;
  pick.canSelectMany = isMany;
  pick.matchOnDescription = matchesAll;
  pick.matchOnDetail = matchesAll;
  const shown = items.map((item) => ({ ...plainItem(item), item }));
  pick.items = shown;
  if (isMany) pick.selectedItems = shown.filter(({ item }) => picked.includes(item));
  else if (active !== undefined) pick.activeItems = shown.filter(({ item }) => item === active);
  return untilEnd(pick, () =>
    Promise.resolve({ kind: 'answer', value: pick.selectedItems.map(({ item }) => item) }),
  );
}

/** What boxes and lists have in common. */
type Asking = vscode.QuickPick<vscode.QuickPickItem> | vscode.InputBox;

function dress(
  asking: vscode.QuickInput & Pick<vscode.InputBox, 'buttons'>,
  place: StepPlace,
): void {
  asking.title = labelText(place.title);
  asking.step = place.step;
  asking.totalSteps = place.totalSteps;
  // Somebody may want to copy an address from elsewhere.
  asking.ignoreFocusOut = true;
  if (place.step > 1) asking.buttons = [vscode.QuickInputButtons.Back];
}

/** Shows it until it is answered, left, or the way back is taken. */
async function untilEnd<T>(
  asking: Pick<Asking, 'show' | 'dispose' | 'onDidHide'> & {
    readonly onDidAccept: vscode.Event<void>;
    readonly onDidTriggerButton: vscode.Event<vscode.QuickInputButton>;
  },
  onAccept: () => Promise<StepEnd<T> | undefined>,
): Promise<StepEnd<T>> {
  const listeners: vscode.Disposable[] = [];
  try {
    return await new Promise<StepEnd<T>>((resolve, reject) => {
      listeners.push(
        asking.onDidAccept(() => {
          onAccept().then((end) => {
            if (end !== undefined) resolve(end);
          }, reject);
        }),
        asking.onDidTriggerButton((button) => {
          if (button === vscode.QuickInputButtons.Back) resolve({ kind: 'back' });
        }),
        asking.onDidHide(() => {
          resolve({ kind: 'left' });
        }),
      );
      asking.show();
    });
  } finally {
    for (const listener of listeners) listener.dispose();
    asking.dispose();
  }
}
