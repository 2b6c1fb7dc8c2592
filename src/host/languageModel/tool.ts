import type * as vscode from 'vscode';

/** What a person is asked before a tool does something that they may have to pay for. */
export interface Question {
  readonly title: string;
  /** Paragraphs of plain text. */
  readonly lines: readonly string[];
  /** It may cost money: an editor that was told to confirm by itself does not confirm that. */
  readonly isPaid: boolean;
}

/** A tool for language models, without VS Code's classes around it. */
export interface Tool {
  /** What the editor says while it works. */
  doing(input: ToolInput): string;
  /** Left out: it only reads. What there is must be answered by a person before `run`. */
  readonly ask?: (input: ToolInput) => Promise<Question>;
  /** Gives what the model is told. What it throws is told, too. */
  run(input: ToolInput, token: vscode.CancellationToken): Promise<string>;
}

/** What a model has given: not more than that it is an object is known of it. */
export type ToolInput = Readonly<Record<string, unknown>>;

/** A text that the input has to have. @throws saying so where it has none. */
export function requiredText(input: ToolInput, name: string): string {
  const value = input[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new Error(`"${name}" is missing: a text.`);
}

/** A whole number of the input within bounds; the usual one where there is none. */
export function boundedNumber(
  input: ToolInput,
  name: string,
  { usual, max }: { readonly usual: number; readonly max: number },
): number {
  const value = input[name];
  if (typeof value !== 'number' || !Number.isFinite(value)) return usual;
  return Math.min(max, Math.max(1, Math.floor(value)));
}
