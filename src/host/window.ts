import * as vscode from 'vscode';
import { shownLines } from '../core/shownText.ts';
import { labelText, messageText, plainItem } from './text/plainText.ts';

// VS Code's own ways to say and ask something, in which no text can become a link, a command or an icon: what is said
// holds names and texts of strangers. ESLint keeps the rest of the host from calling the originals.

type MessageKind = 'showInformationMessage' | 'showWarningMessage' | 'showErrorMessage';

function plainMessage<K extends MessageKind>(kind: K): (typeof vscode.window)[K] {
  const show = (text: string, ...rest: readonly unknown[]): unknown =>
    (vscode.window[kind] as (...all: readonly unknown[]) => unknown)(
      messageText(text),
      ...rest.map(plainDetail),
    );
  return show as (typeof vscode.window)[K];
}

/** The options of a message whose detail is text; anything else is given back as it is. */
function plainDetail(option: unknown): unknown {
  if (typeof option !== 'object' || option === null || !('detail' in option)) return option;
  return typeof option.detail === 'string'
    ? { ...option, detail: shownLines(option.detail) }
    : option;
}

/** `vscode.window.showInformationMessage` whose message is text. */
export const showInformationMessage = plainMessage('showInformationMessage');

/** `vscode.window.showWarningMessage` whose message is text. */
export const showWarningMessage = plainMessage('showWarningMessage');

/** `vscode.window.showErrorMessage` whose message is text. */
export const showErrorMessage = plainMessage('showErrorMessage');

/** `vscode.window.showQuickPick` whose items are text; an icon comes with `iconPath`. */
export async function showQuickPick<T extends vscode.QuickPickItem>(
  items: readonly T[],
  options: vscode.QuickPickOptions = {},
): Promise<T | undefined> {
  const shown = items.map((item) => ({ ...plainItem(item), item }));
  const picked = await vscode.window.showQuickPick(shown, options);
  return picked?.item;
}

/** `vscode.window.showInputBox` whose words are text. */
export async function showInputBox(options: vscode.InputBoxOptions): Promise<string | undefined> {
  const { title, prompt } = options;
  return vscode.window.showInputBox({
    ...options,
    ...(title !== undefined && { title: labelText(title) }),
    ...(prompt !== undefined && { prompt: messageText(prompt) }),
    ...(options.validateInput && {
      validateInput: async (value) => {
        const problem = await options.validateInput?.(value);
        if (typeof problem === 'string') return messageText(problem);
        return problem && { ...problem, message: messageText(problem.message) };
      },
    }),
  });
}

/** `vscode.window.withProgress` whose title and messages are text. */
export const withProgress: typeof vscode.window.withProgress = (options, task) =>
  vscode.window.withProgress(
    { ...options, ...(options.title !== undefined && { title: messageText(options.title) }) },
    (progress, token) =>
      task(
        {
          report: (step) => {
            const { message } = step;
            progress.report({
              ...step,
              ...(message !== undefined && { message: messageText(message) }),
            });
          },
        },
        token,
      ),
  );
