import { t } from '@vscode/l10n';
import { codeOf, messageOf } from '../../core/errors.ts';
import type { Formats } from '../../core/format.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { RemoteError } from '../../protocol/rpc.ts';
import type { HolderView } from '../../protocol/worker.ts';
import { engineText } from './engineText.ts';
import { holderPhrase } from './phrases.ts';

/** What a message about an error offers to do. */
export type ErrorAction =
  | 'showLog'
  | 'showProblem'
  | 'showCollection'
  | 'startNew'
  | 'setSecret'
  | 'installBrowser'
  | 'raiseAndResume';

/** An error in a person's language, with what can be done about it. */
export interface ErrorWords {
  readonly message: string;
  readonly actions: readonly ErrorAction[];
  /** The secret that is missing, for `setSecret`. */
  readonly secret?: string;
}

/**
 * Words for an error, by its code; the facts come from its data. A code without words of its own keeps its English
 * message, which says what, where and what to do next.
 */
export function errorWords(error: unknown, formats: Formats): ErrorWords {
  const data = dataOf(error);
  const holder = holderIn(data);
  if (holder) {
    return {
      message: t(
        'This session is held by {0}. Stop it there first.',
        holderPhrase(holder, formats),
      ),
      actions: ['showLog'],
    };
  }
  switch (codeOf(error)) {
    case 'CONFIG_INVALID':
      return {
        message: t(
          'The collection file has problems: {0}',
          firstLine(engineText(messageOf(error))),
        ),
        actions: ['showProblem'],
      };
    case 'SECRET_MISSING': {
      const secret = textIn(data, 'name') || textIn(data, 'secret');
      return {
        message: t('The secret {0} is not set.', secret),
        actions: ['setSecret'],
        secret,
      };
    }
    case 'SAMPLE_PORT_TAKEN':
      return {
        message: t(
          'Another program uses port {0}, where this sample is served. End that program, or run Open Sample Collection to choose another port.',
          String(numberIn(data, 'port')),
        ),
        actions: ['showLog'],
      };
    case 'BROWSER_MISSING':
      return { message: engineText(messageOf(error)), actions: ['installBrowser', 'showLog'] };
    case 'CONFIG_CHANGED':
      return {
        message: t(
          '{0} has changed since the session began, in {1}. Undo that to resume, or start a new session; this one stays as it is.',
          textIn(data, 'file'),
          listIn(data, 'changed'),
        ),
        actions: ['showCollection', 'startNew'],
      };
    case 'LIMIT_REACHED':
      return {
        message: t(
          'limits.{0} is used up: {1} of {2}. Raise it to go on.',
          textIn(data, 'limit'),
          formats.count(Math.floor(numberIn(data, 'used'))),
          formats.count(numberIn(data, 'max')),
        ),
        actions: ['raiseAndResume', 'showCollection'],
      };
    case 'NOT_EARLIER_DATA':
    case 'EMPTY_FOLDER':
      return {
        message: t(
          '{0} is nothing that can be imported. What can be: a .cf_state of compute-forecast or one of its checkpoints, a master or a checkpoint of reply-guyd, a configuration or a data folder of glider.',
          textIn(data, 'path'),
        ),
        actions: ['showLog'],
      };
    case 'FOLDER_READ_ONLY':
      return {
        message: t(
          'Nothing can be written in {0}, where a session keeps its state ({1}). Open a folder that can be written, or change its rights; nothing was made.',
          textIn(data, 'root'),
          textIn(data, 'obstacle'),
        ),
        actions: ['showLog'],
      };
    case 'RPC_TIMEOUT':
      return {
        message: t('The collection engine does not answer. Reload the window if that lasts.'),
        actions: ['showLog'],
      };
    case 'RPC_CLOSED':
      return {
        message: t(
          'The collection engine has ended. Everything counted is on disk; Resume starts it again.',
        ),
        actions: ['showLog'],
      };
    default:
      return { message: engineText(messageOf(error)), actions: ['showLog'] };
  }
}

function dataOf(error: unknown): JsonObject {
  const data = error instanceof RemoteError ? (error.data as JsonValue | undefined) : undefined;
  return isJsonObject(data) ? data : {};
}

/** Who holds the session, when that is what the error is about. */
function holderIn(data: JsonObject): HolderView | undefined {
  const { pid, host, via, since } = (
    isJsonObject(data['holder']) ? data['holder'] : data
  ) as Partial<Record<keyof HolderView, JsonValue>>;
  if (typeof pid !== 'number' || typeof host !== 'string' || typeof since !== 'string') {
    return undefined;
  }
  return { pid, host, since, via: via === 'cli' ? 'cli' : 'window' };
}

function textIn(data: JsonObject, key: string): string {
  const value = data[key];
  return typeof value === 'string' ? value : '';
}

function numberIn(data: JsonObject, key: string): number {
  const value = data[key];
  return typeof value === 'number' ? value : 0;
}

function listIn(data: JsonObject, key: string): string {
  const value = data[key];
  return Array.isArray(value) ? value.map(String).join(', ') : '';
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
