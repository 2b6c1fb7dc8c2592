import * as vscode from 'vscode';
import { shownText } from '../../core/shownText.ts';
import type { ExitCode } from '../../core/exitCodes.ts';

/** Where a task says how it goes. What it is given may hold anybody's text: a terminal shows it, and obeys none of it. */
export interface TaskOutput {
  /** One line that stays. */
  line(text: string): void;
  /** The line at the end, which the next one replaces. */
  status(text: string): void;
}

/**
 * Does a task's work.
 *
 * @param token a person has asked for the end: by Ctrl+C, or by closing or terminating the terminal.
 */
export type TaskWork = (output: TaskOutput, token: vscode.CancellationToken) => Promise<ExitCode>;

const ctrlC = '\u0003';
const eraseLine = '\r\u001b[2K';
/** Wider than most lines, for a terminal that has not said how wide it is. */
const usualColumns = 120;

/** The terminal of one task. */
export class TaskTerminal implements vscode.Pseudoterminal {
  readonly #work: TaskWork;
  readonly #writes = new vscode.EventEmitter<string>();
  readonly #closes = new vscode.EventEmitter<number>();
  readonly #cancelling = new vscode.CancellationTokenSource();
  #columns = usualColumns;
  #hasStatus = false;

  readonly onDidWrite = this.#writes.event;
  readonly onDidClose = this.#closes.event;

  constructor(work: TaskWork) {
    this.#work = work;
  }

  open(dimensions: vscode.TerminalDimensions | undefined): void {
    this.#columns = dimensions?.columns ?? usualColumns;
    void this.#run();
  }

  close(): void {
    this.#cancelling.cancel();
  }

  handleInput(data: string): void {
    if (data === ctrlC) this.#cancelling.cancel();
  }

  setDimensions({ columns }: vscode.TerminalDimensions): void {
    this.#columns = columns;
  }

  async #run(): Promise<void> {
    const output: TaskOutput = {
      line: (text) => {
        this.#writes.fire(`${this.#hasStatus ? eraseLine : ''}${shownText(text, Infinity)}\r\n`);
        this.#hasStatus = false;
      },
      status: (text) => {
        this.#writes.fire(`${eraseLine}${shownText(text, Math.max(20, this.#columns - 1))}`);
        this.#hasStatus = true;
      },
    };
    const exitCode = await this.#work(output, this.#cancelling.token);
    if (this.#hasStatus) this.#writes.fire('\r\n');
    this.#closes.fire(exitCode);
  }
}
