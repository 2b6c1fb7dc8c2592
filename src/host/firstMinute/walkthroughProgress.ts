import * as vscode from 'vscode';
import type { WalkthroughStep } from '../../contributions.ts';
import { setContextKey } from '../contextKeys.ts';
import type { Memory } from '../memory.ts';
import type { PreviewManager } from '../preview/previewManager.ts';

/**
 * Ticks the steps of the walkthrough when they are done, wherever that is. VS Code listens for what completes a step only
 * from when it has first shown a walkthrough in the window, and a context key that is true by then never ticks one. So
 * what was done is remembered, and its keys are set once a walkthrough may be shown.
 */
export class WalkthroughProgress {
  readonly #memory: Pick<Memory, 'doneSteps' | 'rememberStep'>;
  readonly #told = new Set<WalkthroughStep>();
  /** Whether a walkthrough may be shown: `opening` until VS Code has done what it was asked for. */
  #state: 'unseen' | 'opening' | 'shown' = 'unseen';

  constructor(memory: Pick<Memory, 'doneSteps' | 'rememberStep'>) {
    this.#memory = memory;
  }

  /** Hears of previews, and looks whether a walkthrough may be shown, now and whenever tabs change. */
  register(previews: Pick<PreviewManager, 'onDidPreview' | 'reportOf'>): vscode.Disposable {
    this.#look();
    return vscode.Disposable.from(
      vscode.window.tabGroups.onDidChangeTabs(() => {
        this.#look();
      }),
      previews.onDidPreview((file) => {
        if (previews.reportOf(file)) this.done('preview');
      }),
    );
  }

  /** A person has done what the step is about. */
  done(step: WalkthroughStep): void {
    if (this.#memory.doneSteps.includes(step)) return;
    void this.#memory.rememberStep(step);
    this.#tell();
  }

  /** Shows the walkthrough by `show`; until it is there no key is set. */
  async whileOpening(show: () => Thenable<unknown>): Promise<void> {
    this.#state = 'opening';
    for (const step of this.#told) setContextKey(`cfCollector.done.${step}`, false);
    this.#told.clear();
    try {
      await show();
    } finally {
      this.#state = 'shown';
      this.#tell();
    }
  }

  #look(): void {
    if (this.#state !== 'unseen') return;
    // An extension is told nothing of such a tab; those of settings and of extensions look the same.
    const maySee = vscode.window.tabGroups.all.some(
      ({ activeTab }) => activeTab && activeTab.input === undefined,
    );
    if (!maySee) return;
    this.#state = 'shown';
    this.#tell();
  }

  #tell(): void {
    if (this.#state !== 'shown') return;
    for (const step of this.#memory.doneSteps) {
      if (this.#told.has(step)) continue;
      this.#told.add(step);
      setContextKey(`cfCollector.done.${step}`, true);
    }
  }
}
