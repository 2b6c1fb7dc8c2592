import type { SessionSnapshot } from '../../core/live.ts';
import type { TrackedSession } from '../engine/sessionTracker.ts';
import { groupsOf, type TreeNode } from './treeModel.ts';

/** A session in the tree. */
export type SessionNode = Extract<TreeNode, { kind: 'session' }>;

/**
 * The nodes of sessions that VS Code holds. It repaints only a node that it was given itself, with what is in it then;
 * and of a tree that was thrown away it can't tell what a menu that is open, or a selection, is about. So a node is kept
 * for as long as the sessions are the same.
 */
export class SessionNodes {
  #nodes: readonly SessionNode[] = [];

  /** VS Code has asked for all of them: these are the ones it holds from now on. */
  replace(nodes: readonly SessionNode[]): void {
    this.#nodes = nodes;
  }

  /**
   * Tells the nodes what their sessions are now.
   *
   * @returns the nodes to repaint, with all below them; undefined where the sessions are others, or in another order, so
   * that VS Code has to ask for all of them again.
   */
  renew(fresh: readonly SessionNode[]): SessionNode[] | undefined {
    const nodes = this.#nodes;
    const isSame =
      nodes.length > 0 &&
      nodes.length === fresh.length &&
      nodes.every((node, i) => idOf(node) === (fresh[i] && idOf(fresh[i])));
    if (!isSame) return undefined;
    return nodes.map((node, i) => Object.assign(node, fresh[i]));
  }

  /**
   * Tells a session's node its figures.
   *
   * @returns the node to repaint; `all` where the session has another group than before; undefined where the tree does not
   * have it.
   */
  move(id: string, snapshot: SessionSnapshot): SessionNode | 'all' | undefined {
    const node = this.#nodes.find((one) => idOf(one) === id);
    if (node === undefined) return undefined;
    const groups = groupsOf(node.session).length;
    const session: TrackedSession = { ...node.session, snapshot };
    Object.assign(node, { session });
    return groupsOf(session).length === groups ? node : 'all';
  }
}

function idOf({ session }: SessionNode): string {
  return session.ref.session;
}
