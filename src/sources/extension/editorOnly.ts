import { UsageError } from '../../core/errors.ts';

/** What is said where there is no editor to run a source of an extension in. */
export function editorOnly(id: string): UsageError {
  return new UsageError(
    'EDITOR_ONLY',
    `"${id}" is a source of an extension of VS Code, which runs in the editor only: start or resume this collection there.`,
    { id },
  );
}
