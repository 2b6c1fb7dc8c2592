import { t } from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import type { InDoubtWord } from '../../core/recoveryData.ts';
import type { RequestParams } from '../../protocol/rpc.ts';
import type { SessionRef, ToolRequests } from '../../protocol/worker.ts';
import type { EngineClient } from './engineClient.ts';
import type { SessionTracker } from './sessionTracker.ts';
import { readHttpSettings } from '../settings.ts';

/** VS Code waits five seconds for an extension to go. */
const closingTimeoutMs = 4000;

/** Starting, resuming, pausing and stopping sessions in this window: the only place that asks the engine to. */
export class Runs {
  readonly #engine: Pick<EngineClient, 'request'>;
  readonly #tracker: Pick<SessionTracker, 'live' | 'find'>;
  readonly #before: (file: vscode.Uri) => Promise<void>;
  readonly #done: (step: 'start' | 'resume' | 'merge') => void;

  /**
   * @param before is awaited before a collection file is run: what it rejects with keeps it from running.
   * @param done is told what the engine has begun.
   */
  constructor(
    engine: Pick<EngineClient, 'request'>,
    tracker: Pick<SessionTracker, 'live' | 'find'>,
    before: (file: vscode.Uri) => Promise<void>,
    done: (step: 'start' | 'resume' | 'merge') => void,
  ) {
    this.#engine = engine;
    this.#tracker = tracker;
    this.#before = before;
    this.#done = done;
  }

  /** Starts a new session of a collection file. */
  async start(workspace: string, file: vscode.Uri): Promise<SessionRef> {
    requireTrust();
    await this.#before(file);
    const http = readHttpSettings(file);
    const params = { workspace, file: file.fsPath, http };
    const { session } = await this.#engine.request('start', params, 0);
    this.#done('start');
    return { workspace, session };
  }

  /**
   * Takes a session up again.
   *
   * @param inDoubt a person's word on its paid calls in doubt; without one such a session is refused (`IN_DOUBT`).
   */
  async resume(ref: SessionRef, inDoubt?: InDoubtWord): Promise<void> {
    requireTrust();
    await this.#beforeSession(ref);
    const http = readHttpSettings(vscode.Uri.file(ref.workspace));
    const params = { ...ref, http, ...(inDoubt && { inDoubt }) };
    await this.#engine.request('resume', params, 0);
    this.#done('resume');
  }

  /** Takes a session up again from an older checkpoint: what was done since is done again. */
  async resumeFromCheckpoint(
    ref: SessionRef,
    checkpoint: string,
    inDoubt?: InDoubtWord,
  ): Promise<void> {
    requireTrust();
    await this.#beforeSession(ref);
    const http = readHttpSettings(vscode.Uri.file(ref.workspace));
    const params = { ...ref, checkpoint, http, ...(inDoubt && { inDoubt }) };
    await this.#engine.request('resumeFromCheckpoint', params, 0);
    this.#done('resume');
  }

  /** Tries failed units again, all where `units` is null; gives how many. The session runs afterwards. */
  async retryFailedUnits(ref: SessionRef, units: readonly number[] | null): Promise<number> {
    requireTrust();
    await this.#beforeSession(ref);
    const http = readHttpSettings(vscode.Uri.file(ref.workspace));
    const params = { ...ref, units, http };
    return (await this.#engine.request('retryFailedUnits', params, 0)).requeued;
  }

  /** Starts a merge: a session like every other. */
  async merge(params: RequestParams<ToolRequests, 'merge'>): Promise<SessionRef> {
    requireTrust();
    const { session } = await this.#engine.request('merge', params, 0);
    this.#done('merge');
    return { workspace: params.workspace, session };
  }

  /** Maps what a session has received again: a session like every other. */
  async remap(params: RequestParams<ToolRequests, 'remap'>): Promise<SessionRef> {
    requireTrust();
    const { session } = await this.#engine.request('remap', params, 0);
    return { workspace: params.workspace, session };
  }

  /** Resolves when everything received is durable. */
  async pause(ref: SessionRef): Promise<void> {
    await this.#engine.request('pause', ref, 0);
  }

  /** Resolves when the session is checkpointed and its lock let go. */
  async stop(ref: SessionRef): Promise<void> {
    await this.#engine.request('stop', { ...ref, reason: 'user' }, 0);
  }

  async #beforeSession(ref: SessionRef): Promise<void> {
    const session = await this.#tracker.find(ref);
    const file = session?.snapshot.view.collectionFile ?? '';
    // A merge has no collection file.
    if (session && file !== '') await this.#before(vscode.Uri.file(path.join(session.root, file)));
  }

  /** Stops everything because the window closes. What does not end in time is interrupted: nothing is lost by it. */
  async stopAll(): Promise<void> {
    await Promise.allSettled(
      this.#tracker
        .live()
        .map(({ ref }) =>
          this.#engine.request('stop', { ...ref, reason: 'window-closed' }, closingTimeoutMs),
        ),
    );
  }
}

/** The manifest hides what runs from an untrusted workspace; a keybinding or another extension could still ask. */
export function requireTrust(): void {
  if (!vscode.workspace.isTrusted) {
    throw new Error(t('Collections do not run in Restricted Mode. Trust this workspace first.'));
  }
}
