import type * as vscode from 'vscode';
import { t } from '@vscode/l10n';
import { showInputBox } from '../window.ts';

/** Letters, digits and underscores: what `${secret:NAME}` and an environment variable can both be called. */
const secretName = /^[A-Za-z_]\w*$/;

/** Where `${secret:NAME}` comes from: VS Code's SecretStorage, else the environment of the extension host. */
export class SecretVault {
  readonly #storage: vscode.SecretStorage;

  constructor(storage: vscode.SecretStorage) {
    this.#storage = storage;
  }

  /** The secret's value; null when nobody has set it. */
  async get(name: string): Promise<string | null> {
    return (await this.#storage.get(storageKey(name))) ?? process.env[name] ?? null;
  }

  /** The names of the secrets that are kept. */
  async names(): Promise<readonly string[]> {
    const prefix = storageKey('');
    const keys = await this.#storage.keys();
    return keys.flatMap((key) => (key.startsWith(prefix) ? [key.slice(prefix.length)] : []));
  }

  /** Asks for a secret's name, where none is given, and its value, and keeps it; an empty value forgets it. */
  async ask(givenName?: string): Promise<void> {
    const name =
      givenName ??
      (await showInputBox({
        title: t('Set Secret'),
        prompt: t('Name of the secret, as in ${secret:NAME}'),
        validateInput: (text) =>
          secretName.test(text) ? undefined : t('Use letters, digits and underscores.'),
      }));
    if (name === undefined) return;
    const value = await showInputBox({
      title: t('Set Secret {0}', name),
      prompt: t(
        'The value is kept in the system’s secret store. Leave it empty to forget the secret.',
      ),
      password: true,
      ignoreFocusOut: true,
    });
    if (value === undefined) return;
    if (value === '') await this.#storage.delete(storageKey(name));
    else await this.#storage.store(storageKey(name), value);
  }
}

function storageKey(name: string): string {
  return `cfCollector.secret.${name}`;
}
