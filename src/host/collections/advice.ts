import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import {
  mentionsOf,
  type CollectionMentions,
  type Mention,
} from '../../core/collectionMentions.ts';
import type { TextPlace } from '../../core/collectionPlaces.ts';
import { findCollections } from '../workspace.ts';
import type { SecretVault } from './secrets.ts';

/** What is not wrong with a collection, but will be in the way of it. */
export interface Advice extends TextPlace {
  readonly code: 'SECRET_NOT_SET' | 'EXTENSION_NOT_INSTALLED' | 'NAME_TAKEN' | 'PREFIX_TAKEN';
  readonly message: string;
  /** The secret's name, the extension's id. */
  readonly about: string;
}

/** What the editor knows about a collection that its file can't say: secrets, extensions, other collections. */
export class CollectionAdvisor {
  readonly #secrets: Pick<SecretVault, 'get'>;
  /** What is named in the workspace's collection files as they are on disk, by URI. */
  readonly #known = new Map<string, Promise<CollectionMentions | undefined>>();

  constructor(secrets: Pick<SecretVault, 'get'>) {
    this.#secrets = secrets;
  }

  /** A file has changed, or is gone. */
  forget(uri: vscode.Uri): void {
    this.#known.delete(uri.toString());
  }

  /** Reads only; nobody is called, and no secret's value leaves the vault. */
  async adviceOn(uri: vscode.Uri, text: string): Promise<readonly Advice[]> {
    const mentions = mentionsOf(text);
    const found = await Promise.all([
      this.#secretsOf(mentions),
      this.#namesOf(uri, mentions),
      Promise.resolve(extensionOf(mentions)),
    ]);
    return found.flat();
  }

  async #secretsOf({ secrets }: CollectionMentions): Promise<Advice[]> {
    const checked = await Promise.all(
      secrets.map(async (mention) => {
        const isSet = (await this.#secrets.get(mention.text)) !== null;
        return isSet ? [] : [unsetSecret(mention)];
      }),
    );
    return checked.flat();
  }

  async #namesOf(uri: vscode.Uri, own: CollectionMentions): Promise<Advice[]> {
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    if (own.name === undefined || folder === undefined) return [];
    for (const other of await findCollections()) {
      if (other.toString() === uri.toString()) continue;
      if (vscode.workspace.getWorkspaceFolder(other) !== folder) continue;
      const mentions = await this.#mentionsOf(other);
      const advice = mentions && sameNames(own, own.name, mentions, other);
      if (advice) return [advice];
    }
    return [];
  }

  #mentionsOf(uri: vscode.Uri): Promise<CollectionMentions | undefined> {
    const key = uri.toString();
    const known = this.#known.get(key) ?? readMentions(uri);
    this.#known.set(key, known);
    return known;
  }
}

async function readMentions(uri: vscode.Uri): Promise<CollectionMentions | undefined> {
  try {
    return mentionsOf(new TextDecoder().decode(await vscode.workspace.fs.readFile(uri)));
  } catch {
    // Gone since it was found: it is in nobody's way.
    return undefined;
  }
}

function sameNames(
  own: CollectionMentions,
  name: Mention,
  other: CollectionMentions,
  file: vscode.Uri,
): Advice | undefined {
  const where = vscode.workspace.asRelativePath(file);
  if (other.name?.text === name.text) {
    const message = t(
      '{0} has this name, too: each would take the other’s sessions for its own. Give one of them another name.',
      where,
    );
    return { ...name, code: 'NAME_TAKEN', message, about: where };
  }
  const isSameDir = (own.outputDir ?? '') === (other.outputDir ?? '');
  const prefix = own.prefix ?? name;
  if (!isSameDir || prefix.text !== (other.prefix ?? other.name)?.text) return undefined;
  const message = t(
    '{0} writes files that begin like these, into the same folder. Give one of them another output.prefix.',
    where,
  );
  return { ...prefix, code: 'PREFIX_TAKEN', message, about: where };
}

function unsetSecret(mention: Mention): Advice {
  const message = t(
    'The secret {0} is not set: the collection will not start without it.',
    mention.text,
  );
  return { ...mention, code: 'SECRET_NOT_SET', message, about: mention.text };
}

function extensionOf({ sourceType, extensionId }: CollectionMentions): Advice[] {
  if (sourceType !== 'extension' || extensionId === undefined) return [];
  const [id = ''] = extensionId.text.split('/');
  if (!id.includes('.') || vscode.extensions.getExtension(id) !== undefined) return [];
  const message = t('The extension {0} is not installed, or disabled.', id);
  return [{ ...extensionId, code: 'EXTENSION_NOT_INSTALLED', message, about: id }];
}
