import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { SourceDefinition, SourceRegistry } from '../../core/customSource/definition.ts';
import { extensionSourceId } from '../../core/customSource/extensionId.ts';
import type { PlaceOf } from '../../core/customSource/failures.ts';
import { placeIn } from '../../core/customSource/place.ts';
import { messageOf } from '../../core/errors.ts';
import { serveSource } from '../../protocol/customSource.ts';
import type { RpcChannel } from '../../protocol/rpc.ts';

/** How long an extension that has started may take until it registers its source. */
const registerMs = 5_000;

/** An error that reaches the engine with its code. */
class SourceUnavailable extends Error {
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

interface Registered {
  readonly id: string;
  readonly source: SourceDefinition;
  /** Ends the conversations about it. */
  readonly users: Set<(reason: string) => void>;
}

/** The sources that other extensions have registered, and the engine's conversations with them. */
export class ExtensionSources implements SourceRegistry {
  readonly #registered = new Map<string, Registered>();
  readonly #added = new vscode.EventEmitter<void>();

  registerSource(id: string, source: SourceDefinition): vscode.Disposable {
    if (!extensionSourceId.test(id)) {
      throw new Error(`The id of a source is "publisher.extension/name"; this one is "${id}".`);
    }
    const key = keyOf(id);
    if (this.#registered.has(key)) throw new Error(`A source "${id}" is registered already.`);
    const registered: Registered = { id, source, users: new Set() };
    this.#registered.set(key, registered);
    this.#added.fire();
    return new vscode.Disposable(() => {
      if (this.#registered.get(key) !== registered) return;
      this.#registered.delete(key);
      const reason = t(
        '{0} has taken back its source “{1}”. Resume when it is there again.',
        ...partsOf(id),
      );
      for (const end of registered.users) end(reason);
    });
  }

  /**
   * Opens a conversation with a source, for the engine; its extension is started where needed.
   *
   * @param onGone the source was taken back.
   * @returns ends the conversation.
   * @throws Error with the code `EXTENSION_MISSING`, `EXTENSION_FAILED` or `EXTENSION_SOURCE_MISSING`, in words for a
   *   person.
   */
  async open(
    id: string,
    channel: RpcChannel,
    onGone: (reason: string) => void,
  ): Promise<() => void> {
    const [extensionId, name] = partsOf(id);
    const extension = vscode.extensions.getExtension(extensionId);
    if (extension === undefined) {
      throw new SourceUnavailable(
        'EXTENSION_MISSING',
        t(
          'The extension {0} is not installed, or disabled: it brings the source “{1}”. Install or enable it, then resume.',
          extensionId,
          name,
        ),
      );
    }
    try {
      await extension.activate();
    } catch (error) {
      throw new SourceUnavailable(
        'EXTENSION_FAILED',
        t('The extension {0} could not start: {1}', extensionId, messageOf(error)),
        error,
      );
    }
    const { source, users } = await this.#find(id);
    const stop = serveSource({
      channel,
      load: () => Promise.resolve(source),
      placeOf: placeInExtension(extensionId, extension.extensionPath),
    });
    const end = (): void => {
      users.delete(gone);
      void stop();
    };
    const gone = (reason: string): void => {
      end();
      onGone(reason);
    };
    users.add(gone);
    return end;
  }

  /** What is registered under an id, as soon as it is. */
  async #find(id: string): Promise<Registered> {
    const found = this.#registered.get(keyOf(id)) ?? (await this.#wait(id));
    if (found !== undefined) return found;
    const [extensionId, name] = partsOf(id);
    const others = [...this.#registered.values()]
      .map((registered) => registered.id)
      .filter((other) => keyOf(other).startsWith(`${extensionId.toLowerCase()}/`));
    throw new SourceUnavailable(
      'EXTENSION_SOURCE_MISSING',
      others.length === 0
        ? t('The extension {0} registers no source.', extensionId)
        : t(
            'The extension {0} has no source “{1}”; it has {2}.',
            extensionId,
            name,
            others.join(', '),
          ),
    );
  }

  #wait(id: string): Promise<Registered | undefined> {
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        listening.dispose();
        resolve(this.#registered.get(keyOf(id)));
      };
      const timer = setTimeout(finish, registerMs);
      const listening = this.#added.event(() => {
        if (this.#registered.has(keyOf(id))) finish();
      });
    });
  }
}

/** Ids of extensions do not tell upper from lower case. */
function keyOf(id: string): string {
  const [extensionId, name] = partsOf(id);
  return `${extensionId.toLowerCase()}/${name}`;
}

function partsOf(id: string): [extensionId: string, name: string] {
  const [, extensionId = id, name = ''] = extensionSourceId.exec(id) ?? [];
  return [extensionId, name];
}

/** Errors of another extension are told under its name. */
function placeInExtension(extensionId: string, folder: string): PlaceOf {
  const placeOf = placeIn(folder);
  return (error) => {
    const place = placeOf(error);
    return place === undefined ? undefined : `${extensionId}: ${place}`;
  };
}
