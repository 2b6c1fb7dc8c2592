import type * as vscode from 'vscode';
import type { WalkthroughStep } from '../contributions.ts';

/** What the extension remembers about a person's choices: every key is here. */
export class Memory {
  readonly #context: Pick<vscode.ExtensionContext, 'globalState' | 'workspaceState'>;
  #hasToldAboutClosing = false;

  constructor(context: Pick<vscode.ExtensionContext, 'globalState' | 'workspaceState'>) {
    this.#context = context;
  }

  /** Whether to say now that closing the window stops a run: once in a window, until it is not to be said again. */
  takeClosingNotice(): boolean {
    if (
      this.#hasToldAboutClosing ||
      this.#context.globalState.get<boolean>('knowsThatClosingStops', false)
    ) {
      return false;
    }
    this.#hasToldAboutClosing = true;
    return true;
  }

  async rememberThatClosingStops(): Promise<void> {
    await this.#context.globalState.update('knowsThatClosingStops', true);
  }

  /** The URI of the folder that was made for the samples, until the window that opens it has shown them. */
  get sampleFolder(): string | undefined {
    return this.#context.globalState.get<string>('sampleFolder');
  }

  async rememberSampleFolder(uri: string | undefined): Promise<void> {
    await this.#context.globalState.update('sampleFolder', uri);
  }

  /** The steps of the walkthrough that were ever done. */
  get doneSteps(): readonly WalkthroughStep[] {
    return this.#context.globalState.get<readonly WalkthroughStep[]>('doneSteps', []);
  }

  async rememberStep(step: WalkthroughStep): Promise<void> {
    await this.#context.globalState.update('doneSteps', [...this.doneSteps, step]);
  }

  /** Whether `.gitignore` was offered in this workspace. */
  get wasOfferedGitignore(): boolean {
    return this.#context.workspaceState.get<boolean>('wasOfferedGitignore', false);
  }

  async rememberGitignoreOffer(): Promise<void> {
    await this.#context.workspaceState.update('wasOfferedGitignore', true);
  }
}
