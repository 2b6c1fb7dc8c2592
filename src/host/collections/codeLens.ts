import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { CommandId } from '../../contributions.ts';
import { mentionsOf } from '../../core/collectionMentions.ts';
import type { Formats } from '../../core/format.ts';
import type { SessionTracker, TrackedSession } from '../engine/sessionTracker.ts';
import { isSessionOf } from '../sessions/ofFile.ts';
import { readSetting } from '../settings.ts';
import { failedPhrase, joinParts, recordsPhrase, stateSince } from '../text/phrases.ts';
import { isCollectionFile } from '../workspace.ts';
import { collectionSelector } from './collectionSelector.ts';
import { rangeOf } from './diagnostics.ts';

/** Lenses are drawn anew at most this often. */
const redrawMs = 1000;
/** "12 minutes ago" becomes "13 minutes ago". */
const ageMs = 60_000;

/** What can be done with a collection, and how its last run went, above its text. */
export class CollectionLenses implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #tracker: Pick<SessionTracker, 'list' | 'events'>;
  readonly #formats: Formats;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.#changed.event;
  /** Sessions that lenses tell about. */
  readonly #shown = new Set<string>();
  #redraw: ReturnType<typeof setTimeout> | undefined;
  #ageing: ReturnType<typeof setInterval> | undefined;

  constructor(tracker: Pick<SessionTracker, 'list' | 'events'>, formats: Formats) {
    this.#tracker = tracker;
    this.#formats = formats;
  }

  register(): vscode.Disposable {
    const onChanged = () => {
      this.#drawSoon();
    };
    const onDelta = (session: string) => {
      if (this.#shown.has(session)) this.#drawSoon();
    };
    this.#tracker.events.on('changed', onChanged).on('delta', onDelta);
    this.#ageing = setInterval(() => {
      const isLooking = vscode.window.visibleTextEditors.some(({ document }) =>
        isCollectionFile(document.uri),
      );
      if (isLooking) this.#drawSoon();
    }, ageMs);
    return vscode.Disposable.from(
      vscode.languages.registerCodeLensProvider(collectionSelector, this),
      vscode.workspace.onDidGrantWorkspaceTrust(onChanged),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('cfCollector.codeLens')) onChanged();
      }),
      new vscode.Disposable(() => {
        this.#tracker.events.off('changed', onChanged).off('delta', onDelta);
      }),
    );
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const { uri } = document;
    if (!readSetting('codeLens', uri)) return [];
    if (!vscode.workspace.isTrusted) {
      const title = t('Restricted Mode: trust this workspace to preview and start');
      return [lens(top, title, 'workbench.trust.manage')];
    }
    return [...(await this.#runLenses(uri)), ...fieldLenses(document)];
  }

  dispose(): void {
    clearTimeout(this.#redraw);
    clearInterval(this.#ageing);
    this.#changed.dispose();
  }

  async #runLenses(uri: vscode.Uri): Promise<vscode.CodeLens[]> {
    // What can't be read just now is told by the tree.
    const sessions = await this.#tracker.list().catch(() => []);
    const session = sessions.find((one) => isSessionOf(one, uri));
    const preview = ours(t('Preview'), 'cfCollector.preview', uri);
    const start = ours(t('Start'), 'cfCollector.start', uri);
    if (session === undefined) return [start, preview];
    const { ref, isOurs, holder, resumable, snapshot } = session;
    this.#shown.add(ref.session);
    const result = ours(this.#resultOf(session), 'cfCollector.openDashboard', ref);
    const stop = ours(t('Stop'), 'cfCollector.stop', ref);
    const resume = ours(t('Resume'), 'cfCollector.resume', ref);
    if (isOurs && snapshot.view.state === 'active') {
      const pause = ours(t('Pause'), 'cfCollector.pause', ref);
      return [result, pause, stop, preview];
    }
    if (isOurs) return [result, ...(resumable ? [resume] : []), stop, preview];
    if (holder !== null) return [result, preview];
    const dashboard = ours(t('Dashboard'), 'cfCollector.openDashboard', ref);
    return [start, preview, ...(resumable ? [resume] : []), dashboard, result];
  }

  /** `Running · 532 records · 12.3/s`, `Last run: completed 12 minutes ago · 1,169 records · 3 failed`. */
  #resultOf({ isOurs, holder, snapshot: { view, live } }: TrackedSession): string {
    const formats = this.#formats;
    const figures = [
      recordsPhrase(view.records, formats),
      failedPhrase(view.units.failed, formats),
    ];
    if (holder !== null) return joinParts([t('Running elsewhere'), ...figures]);
    if (isOurs && view.state === 'active') {
      const rate = t('{0}/s', formats.rate(live.recordsPerSecond));
      return joinParts([t('Running'), ...figures, rate]);
    }
    if (isOurs) return joinParts([t('Paused'), ...figures]);
    const ago = formats.ago(Date.parse(view.lastEventAt), Date.now());
    return t('Last run: {0}', joinParts([stateSince(view.state, ago), ...figures]));
  }

  #drawSoon(): void {
    this.#redraw ??= setTimeout(() => {
      this.#redraw = undefined;
      this.#changed.fire();
    }, redrawMs);
  }
}

/** Pick Fields stands where the fields do. */
function fieldLenses(document: vscode.TextDocument): vscode.CodeLens[] {
  const { fieldsKey, sourceType } = mentionsOf(document.getText());
  if (fieldsKey === undefined || (sourceType !== 'html' && sourceType !== 'browser')) return [];
  return [lens(rangeOf(fieldsKey), t('Pick Fields'), 'cfCollector.pickFields', document.uri)];
}

const top = new vscode.Range(0, 0, 0, 0);

function ours(title: string, command: CommandId, argument: unknown): vscode.CodeLens {
  return lens(top, title, command, argument);
}

function lens(
  range: vscode.Range,
  title: string,
  command: CommandId | 'workbench.trust.manage',
  ...parameters: readonly unknown[]
): vscode.CodeLens {
  return new vscode.CodeLens(range, { title, command, arguments: [...parameters] });
}
