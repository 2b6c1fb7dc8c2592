import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { messageOf } from '../../core/errors.ts';
import { engineText } from '../text/engineText.ts';
import type { SessionRef } from '../../protocol/worker.ts';
import { checkpointMarkdown } from '../text/checkpointText.ts';
import { recoveryMarkdown } from '../text/recoveryText.ts';
import type { Services } from '../services.ts';
import { readTimeoutMs } from '../engine/sessionTracker.ts';
import { trustedFolderPaths } from '../workspace.ts';

const checkpointScheme = 'cf-collector-checkpoint';
const planScheme = 'cf-collector-recovery-plan';

/** A session, and a checkpoint of it where the page is about one. */
interface Subject {
  readonly ref: SessionRef;
  readonly checkpoint: string | null;
}

/** Pages about a session that are made from its files whenever they are opened. Nothing of them can be saved. */
export class SessionDocuments implements vscode.Disposable {
  readonly #services: Pick<Services, 'engine' | 'formats' | 'tracker'>;
  readonly #changes = new vscode.EventEmitter<vscode.Uri>();
  readonly #registrations: vscode.Disposable[];

  constructor(services: Pick<Services, 'engine' | 'formats' | 'tracker'>) {
    this.#services = services;
    const register = (scheme: string, make: (subject: Subject) => Promise<string>) =>
      vscode.workspace.registerTextDocumentContentProvider(scheme, {
        onDidChange: this.#changes.event,
        provideTextDocumentContent: (uri) => this.#provide(uri, make),
      });
    this.#registrations = [
      register(checkpointScheme, (subject) => this.#checkpointPage(subject)),
      register(planScheme, (subject) => this.#planPage(subject)),
    ];
  }

  /** Shows a readable view of a checkpoint. */
  showCheckpoint(ref: SessionRef, checkpoint: string): Promise<void> {
    return this.#show(checkpointScheme, checkpoint, { ref, checkpoint });
  }

  /** Shows what resuming a session, or going back to an older checkpoint of it, would do, as it is now. */
  showRecoveryPlan(ref: SessionRef, checkpoint: string | null): Promise<void> {
    return this.#show(planScheme, t('Recovery plan'), { ref, checkpoint });
  }

  dispose(): void {
    for (const registration of this.#registrations) registration.dispose();
    this.#changes.dispose();
  }

  async #show(scheme: string, title: string, { ref, checkpoint }: Subject): Promise<void> {
    const query = new URLSearchParams({ ...ref, ...(checkpoint !== null && { checkpoint }) });
    const uri = vscode.Uri.from({ scheme, path: `/${title}.md`, query: query.toString() });
    // One that is open already is made anew.
    this.#changes.fire(uri);
    await vscode.commands.executeCommand('markdown.showPreview', uri);
  }

  async #provide(uri: vscode.Uri, make: (subject: Subject) => Promise<string>): Promise<string> {
    const query = new URLSearchParams(uri.query);
    const workspace = query.get('workspace');
    const session = query.get('session');
    // Anybody can make such an address: only what is open is read.
    if (!workspace || !session || !trustedFolderPaths().includes(workspace)) {
      return t('This session does not belong to an open folder.');
    }
    try {
      return await make({ ref: { workspace, session }, checkpoint: query.get('checkpoint') });
    } catch (error) {
      return t('This page can’t be made: {0}', engineText(messageOf(error)));
    }
  }

  async #checkpointPage({ ref, checkpoint }: Subject): Promise<string> {
    const { engine, formats } = this.#services;
    const params = { ...ref, checkpoint: checkpoint ?? '' };
    return checkpointMarkdown(
      await engine.request('readCheckpoint', params, readTimeoutMs),
      formats,
    );
  }

  async #planPage({ ref, checkpoint }: Subject): Promise<string> {
    const { engine, formats, tracker } = this.#services;
    const recovery = await engine.request('planRecovery', { ...ref, checkpoint }, 0);
    const name = (await tracker.find(ref))?.snapshot.view.name ?? ref.session;
    return recoveryMarkdown(recovery, { name, checkpoint }, formats);
  }
}
