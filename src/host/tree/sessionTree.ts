import path from 'node:path';
import * as vscode from 'vscode';
import { sessionsViewId } from '../../contributions.ts';
import { messageOf } from '../../core/errors.ts';
import type { Services } from '../services.ts';
import { readTimeoutMs, type TrackedSession } from '../engine/sessionTracker.ts';
import { endKind } from '../text/endText.ts';
import { badgeText } from '../text/statusText.ts';
import { SessionNodes, type SessionNode } from './sessionNodes.ts';
import { groupsOf, lookOf, mastersOf, type NodeLook, type TreeNode } from './treeModel.ts';
import { verdictUri } from './verdictBadges.ts';
import { escapeText } from '../text/markdown.ts';
import { engineText } from '../text/engineText.ts';
import { folderLabel } from '../workspace.ts';

/** Failed units that are listed at once; "Show more" brings as many again. */
const failedPageSize = 100;
/** Figures of running sessions move; a tree that repaints faster than this can't be read. */
const figuresEveryMs = 1000;
/** Sessions that another process runs tell us nothing: we look. */
const foreignEveryMs = 5000;
/** "3 minutes ago" has to move on. */
const agesEveryMs = 60_000;

/** The tree of sessions in the activity bar. */
export class SessionTree implements vscode.TreeDataProvider<TreeNode>, vscode.Disposable {
  readonly #changes = new vscode.EventEmitter<TreeNode | TreeNode[] | undefined>();
  readonly onDidChangeTreeData = this.#changes.event;
  readonly #services: Services;
  readonly #view: vscode.TreeView<TreeNode>;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #shownFailures = new Map<string, number>();
  readonly #nodes = new SessionNodes();
  #movedFigures = new Set<string>();

  constructor(services: Services) {
    this.#services = services;
    this.#view = vscode.window.createTreeView(sessionsViewId, {
      treeDataProvider: this,
      showCollapseAll: true,
      canSelectMany: true,
    });
    const { events } = services.tracker;
    events.on('changed', () => {
      void this.#refresh();
      this.#showBadge();
    });
    services.validator.onDidChange(() => {
      void this.#refresh();
    });
    events.on('delta', (session) => this.#movedFigures.add(session));
    this.#every(figuresEveryMs, () => {
      this.#refreshFigures();
    });
    this.#every(agesEveryMs, () => {
      void this.#refresh();
    });
    this.#every(foreignEveryMs, () => {
      services.reporter.guard(async () => {
        if (await services.tracker.hasForeignRuns()) services.tracker.refresh();
      });
    });
  }

  async getChildren(node?: TreeNode): Promise<TreeNode[]> {
    if (!node) return this.#roots();
    switch (node.kind) {
      case 'session':
        return groupsOf(node.session).map((group) => ({
          kind: 'group',
          group,
          session: node.session,
        }));
      case 'group':
        return this.#groupChildren(node);
      default:
        return [];
    }
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    const { formats, validator } = this.#services;
    const { verdicts } = validator;
    return toItem(node, lookOf(node, { formats, nowMs: Date.now(), verdicts }));
  }

  /** Lists more failed units of a session. */
  showMore(session: TrackedSession): void {
    const { session: id } = session.ref;
    this.#shownFailures.set(id, this.#failuresShown(id) + failedPageSize);
    this.#changes.fire(undefined);
  }

  dispose(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#view.dispose();
    this.#changes.dispose();
  }

  async #roots(): Promise<TreeNode[]> {
    try {
      const sessions = await this.#services.tracker.list();
      const nodes = sessions.map(sessionNode);
      this.#nodes.replace(nodes);
      return nodes;
    } catch (error) {
      this.#services.log.error(`Could not list the sessions: ${String(error)}`);
      this.#nodes.replace([]);
      return [{ kind: 'problem', message: engineText(messageOf(error)) }];
    }
  }

  /** Has VS Code ask anew: for all sessions, or where they are the same for what each of them is now. */
  async #refresh(): Promise<void> {
    const sessions = await this.#services.tracker.list().catch(() => []);
    this.#changes.fire(this.#nodes.renew(sessions.map(sessionNode)));
  }

  async #groupChildren(node: Extract<TreeNode, { kind: 'group' }>): Promise<TreeNode[]> {
    const { session, group } = node;
    const { ref, root, snapshot } = session;
    const { engine } = this.#services;
    switch (group) {
      case 'masters':
        return mastersOf(snapshot.view.files).map((file) => ({
          kind: 'master',
          ref,
          file,
          path: path.join(root, file.file),
          seq: snapshot.view.seq,
        }));
      case 'checkpoints': {
        const checkpoints = await engine.request('listCheckpoints', ref, readTimeoutMs);
        return checkpoints.map((checkpoint) => ({ kind: 'checkpoint', ref, checkpoint }));
      }
      case 'failedUnits': {
        const limit = this.#failuresShown(ref.session);
        const params = { ...ref, offset: 0, limit };
        const units = await engine.request('listFailedUnits', params, readTimeoutMs);
        const nodes = units.map((unit): TreeNode => ({ kind: 'failedUnit', ref, unit }));
        const left = snapshot.view.units.failed - units.length;
        return left > 0 ? [...nodes, { kind: 'more', session, left }] : nodes;
      }
    }
  }

  #failuresShown(session: string): number {
    return this.#shownFailures.get(session) ?? failedPageSize;
  }

  #every(ms: number, work: () => void): void {
    // Unseen, the tree costs nothing.
    this.#timers.push(
      setInterval(() => {
        if (this.#view.visible) work();
      }, ms),
    );
  }

  /** Repaints the running sessions' own lines, and not what is open below them. */
  #refreshFigures(): void {
    const moved = this.#movedFigures;
    this.#movedFigures = new Set();
    for (const { ref, snapshot } of this.#services.tracker.live()) {
      if (!moved.has(ref.session)) continue;
      const node = this.#nodes.move(ref.session, snapshot);
      if (node !== undefined) this.#changes.fire(node === 'all' ? undefined : node);
    }
  }

  #showBadge(): void {
    const { tracker, formats } = this.#services;
    const live = tracker.live().map(({ snapshot }) => snapshot.view);
    const running = live.filter(({ state }) => state === 'active').length;
    const waiting = live.filter((view) => endKind(view) === 'problem').length;
    this.#view.badge = badgeText({ running, troubled: waiting + tracker.faultedCount }, formats);
  }
}

function sessionNode(session: TrackedSession): SessionNode {
  return { kind: 'session', session, folder: folderLabel(session.ref.workspace) };
}

function toItem(node: TreeNode, look: NodeLook): vscode.TreeItem {
  const item = new vscode.TreeItem(
    look.label,
    look.hasChildren
      ? vscode.TreeItemCollapsibleState.Collapsed
      : vscode.TreeItemCollapsibleState.None,
  );
  item.id = look.id;
  item.description = look.description;
  item.contextValue = look.contextValue;
  item.iconPath = new vscode.ThemeIcon(
    look.icon.name,
    look.icon.color === undefined ? undefined : new vscode.ThemeColor(look.icon.color),
  );
  item.accessibilityInformation = { label: look.spoken };
  if (look.verdict) item.resourceUri = verdictUri(look.id, look.verdict);
  if (look.tooltip.length > 0) item.tooltip = toMarkdown(look.tooltip);
  if (look.opens) {
    const command = clickCommands[look.opens];
    // Nobody sees its title.
    item.command = { command, title: '', arguments: [node] };
  }
  return item;
}

const clickCommands = {
  master: 'cfCollector.openMaster',
  checkpoint: 'cfCollector.openCheckpoint',
  more: 'cfCollector.showMoreFailedUnits',
} as const;

/** Names and values as text. VS Code's own `appendText` would make a link of an address. */
function toMarkdown(lines: NodeLook['tooltip']): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString();
  for (const [i, [name, value]] of lines.entries()) {
    if (i > 0) markdown.appendMarkdown('  \n');
    if (name !== '') markdown.appendMarkdown(`**${escapeText(name)}:** `);
    markdown.appendMarkdown(escapeText(value));
  }
  return markdown;
}
