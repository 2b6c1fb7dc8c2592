import { t } from '@vscode/l10n';
import type { Formats } from '../../core/format.ts';
import type { CheckpointType } from '../../core/events.ts';
import { shownText } from '../../core/shownText.ts';
import type { FileView, SessionState, SessionView } from '../../core/view.ts';
import type { CheckpointListing, FailedUnit, SessionRef } from '../../protocol/worker.ts';
import { engineText } from '../text/engineText.ts';
import { limitToRaise } from '../text/limitText.ts';
import {
  failedPhrase,
  holderPhrase,
  joinParts,
  problemsOrNone,
  recordsPhrase,
  stateSince,
  stateWord,
  verdictPhrase,
} from '../text/phrases.ts';
import type { TrackedSession } from '../engine/sessionTracker.ts';
import type { Verdict, Verdicts } from '../sessions/verdicts.ts';

/** What stands in the tree. */
export type TreeNode =
  | { readonly kind: 'session'; readonly session: TrackedSession; readonly folder: string }
  | { readonly kind: 'group'; readonly group: GroupKind; readonly session: TrackedSession }
  | {
      readonly kind: 'master';
      readonly ref: SessionRef;
      readonly file: FileView;
      readonly path: string;
      /** The session's last journal line. */
      readonly seq: number;
    }
  | {
      readonly kind: 'checkpoint';
      readonly ref: SessionRef;
      readonly checkpoint: CheckpointListing;
    }
  | { readonly kind: 'failedUnit'; readonly ref: SessionRef; readonly unit: FailedUnit }
  | { readonly kind: 'more'; readonly session: TrackedSession; readonly left: number }
  | { readonly kind: 'problem'; readonly message: string };

/** The groups under a session. */
export type GroupKind = 'masters' | 'checkpoints' | 'failedUnits';

/** How a node looks, without VS Code's classes. Its texts may come from anywhere, and nothing in them is unseen. */
export interface NodeLook {
  /** Stable over refreshes, so that what is open stays open. */
  readonly id: string;
  readonly label: string;
  readonly description: string;
  /** What a screen reader says: a badge has no words. */
  readonly spoken: string;
  /** Lines of the tooltip: a name and a value; an empty name is a line by itself. */
  readonly tooltip: readonly (readonly [name: string, value: string])[];
  readonly icon: { readonly name: string; readonly color?: string };
  /** Tags for `viewItem =~ /;tag;/`. */
  readonly contextValue: string;
  readonly hasChildren: boolean;
  /** What validating said about it as it is now. */
  readonly verdict?: Verdict | undefined;
  /** What a click does. */
  readonly opens?: 'master' | 'checkpoint' | 'more';
}

type VisibleLook = Omit<NodeLook, 'spoken'>;

/** What looks depend on, beside the node. */
export interface LookContext {
  readonly formats: Formats;
  readonly nowMs: number;
  readonly verdicts: Pick<Verdicts, 'ofSession' | 'ofFile'>;
}

const stateIcons = {
  active: { name: 'sync~spin', color: 'charts.blue' },
  paused: { name: 'debug-pause', color: 'charts.yellow' },
  stopped: { name: 'debug-stop', color: 'charts.foreground' },
  interrupted: { name: 'debug-disconnect', color: 'charts.orange' },
  faulted: { name: 'error', color: 'list.errorForeground' },
  completed: { name: 'pass', color: 'charts.green' },
} as const satisfies Record<SessionState, NodeLook['icon']>;

/** The groups that a session has something in. */
export function groupsOf(session: TrackedSession): readonly GroupKind[] {
  const { view } = session.snapshot;
  const groups: GroupKind[] = [];
  if (mastersOf(view.files).length > 0) groups.push('masters');
  if (view.checkpointCount > 0) groups.push('checkpoints');
  if (view.units.failed > 0) groups.push('failedUnits');
  return groups;
}

/** The master files of a session, newest first. */
export function mastersOf(files: readonly FileView[]): readonly FileView[] {
  return files.filter((file) => file.role === 'master').reverse();
}

/** Characters of a label: more than a view is wide. */
const maxLabel = 300;

/** How a node looks. */
export function lookOf(node: TreeNode, context: LookContext): NodeLook {
  const look = visibleLook(node, context);
  const label = shownText(look.label, maxLabel);
  const description = shownText(look.description, maxLabel);
  const { verdict } = look;
  const said = verdict && t('validated: {0}', problemsOrNone(verdict.problems, context.formats));
  return {
    ...look,
    label,
    description,
    tooltip: look.tooltip.map(([name, value]) => [name, shownText(value)]),
    spoken: [label, description, said].filter(Boolean).join(', '),
  };
}

function visibleLook(node: TreeNode, context: LookContext): VisibleLook {
  switch (node.kind) {
    case 'session':
      return sessionLook(node.session, node.folder, context);
    case 'group':
      return groupLook(node.group, node.session, context);
    case 'master':
      return masterLook(node, context);
    case 'checkpoint':
      return checkpointLook(node.ref, node.checkpoint, context);
    case 'failedUnit':
      return {
        id: `${node.ref.session}/failed/${node.unit.unit}`,
        label: node.unit.key,
        description: engineText(node.unit.message),
        tooltip: [
          [t('Unit'), node.unit.key],
          [t('Error'), `${engineText(node.unit.message)} (${node.unit.code})`],
          [t('Attempts'), context.formats.count(node.unit.attempts)],
        ],
        icon: { name: 'circle-slash', color: 'list.errorForeground' },
        contextValue: ';failedUnit;retriable;',
        hasChildren: false,
      };
    case 'more':
      return {
        id: `${node.session.ref.session}/more`,
        label: t('Show more ({0} left)', context.formats.count(node.left)),
        description: '',
        tooltip: [],
        icon: { name: 'ellipsis' },
        contextValue: ';more;',
        hasChildren: false,
        opens: 'more',
      };
    case 'problem':
      return {
        id: 'problem',
        label: t('The sessions could not be read'),
        description: node.message,
        tooltip: [['', node.message]],
        icon: { name: 'warning', color: 'list.warningForeground' },
        contextValue: ';problem;',
        hasChildren: false,
      };
  }
}

function masterLook(
  { ref, file, path, seq }: Extract<TreeNode, { kind: 'master' }>,
  { formats, verdicts }: LookContext,
): VisibleLook {
  const verdict = verdicts.ofFile(path, seq);
  return {
    id: `${ref.session}/master/${file.file}`,
    label: baseName(file.file),
    description: joinParts([recordsPhrase(file.lines, formats), formats.bytes(file.bytes)]),
    tooltip: [
      ['', file.file],
      ['', t('Append-only; opened read-only.')],
      ...verdictLines(verdict, formats),
    ],
    icon: { name: 'database' },
    contextValue: ';master;',
    hasChildren: false,
    verdict,
    opens: 'master',
  };
}

function verdictLines(
  verdict: Verdict | undefined,
  formats: Formats,
): readonly (readonly [string, string])[] {
  return verdict ? [[t('Validated'), verdictPhrase(verdict, formats)]] : [];
}

function sessionLook(session: TrackedSession, folder: string, context: LookContext): VisibleLook {
  const { formats, nowMs } = context;
  const { snapshot, holder, damage } = session;
  const { view, live } = snapshot;
  const ago = formats.ago(Date.parse(view.lastEventAt), nowMs);
  const state = holder ? t('running elsewhere') : stateSince(view.state, ago);
  const rate =
    view.state === 'active' && session.isOurs
      ? t('{0}/s', formats.rate(live.recordsPerSecond))
      : '';
  return {
    id: view.session,
    label: view.name,
    description: joinParts([
      recordsPhrase(view.records, formats),
      // The icon says that it runs.
      damage === null ? rate || state : t('damaged'),
      failedPhrase(view.units.failed, formats),
      // Of what is over, nobody needs it.
      session.isCollectionMissing && (session.isOurs || session.resumable)
        ? t('collection file is gone')
        : '',
      folder,
    ]),
    tooltip: sessionTooltip(session, context),
    icon: sessionIcon(session),
    contextValue: sessionTags(session),
    hasChildren: groupsOf(session).length > 0,
    verdict: context.verdicts.ofSession(view.session, view.seq),
  };
}

/** Whether a session has kept what it received. */
export function hasRaw({ files }: Pick<SessionView, 'files'>): boolean {
  return files.some(({ role, lines }) => role === 'raw' && lines > 0);
}

function collectionLine({
  snapshot: { view },
  isCollectionMissing,
}: TrackedSession): readonly [string, string] {
  const { collectionFile, remapOf } = view;
  if (remapOf !== undefined) return [t('Collection'), t('none: maps {0} again', remapOf)];
  if (collectionFile === '') return [t('Collection'), t('none: a merge')];
  return [t('Collection'), isCollectionMissing ? t('{0} (gone)', collectionFile) : collectionFile];
}

function sessionTooltip(
  session: TrackedSession,
  { formats, verdicts }: LookContext,
): NodeLook['tooltip'] {
  const { view } = session.snapshot;
  const { units } = view;
  const lines: (readonly [string, string])[] = [
    collectionLine(session),
    [t('Session'), view.session],
    [t('State'), stateWord(view.state)],
  ];
  if (session.holder) lines.push([t('Held by'), holderPhrase(session.holder, formats)]);
  if (view.reasonMessage !== null) lines.push([t('Reason'), engineText(view.reasonMessage)]);
  if (session.damage !== null) lines.push([t('Damage'), session.damage]);
  lines.push(
    [t('Records'), formats.count(view.records)],
    [
      t('Units'),
      t(
        '{0} done, {1} failed, {2} to go',
        formats.count(units.done),
        formats.count(units.failed),
        formats.count(units.pending + units.in_progress),
      ),
    ],
    [t('Created'), formats.dateTime(Date.parse(view.createdAt))],
    [t('Last event'), formats.dateTime(Date.parse(view.lastEventAt))],
    ...verdictLines(verdicts.ofSession(view.session, view.seq), formats),
  );
  return lines;
}

function sessionIcon({ snapshot: { view }, holder, damage }: TrackedSession): NodeLook['icon'] {
  if (damage !== null) return { name: 'warning', color: 'list.warningForeground' };
  if (holder) return { name: 'lock', color: 'charts.blue' };
  return stateIcons[view.state];
}

/** The tags that menus go by. */
export function sessionTags(session: TrackedSession): string {
  const { view } = session.snapshot;
  const tags = ['session', view.state];
  if (session.isOurs && view.state === 'active') tags.push('pausable');
  if (session.isOurs) tags.push('stoppable');
  if (session.resumable) tags.push('resumable');
  if (limitToRaise(session) !== undefined) tags.push('raisable');
  if (mastersOf(view.files).length > 0) tags.push('hasMaster');
  if (hasRaw(view)) tags.push('hasRaw');
  if (view.checkpointCount > 0) tags.push('hasCheckpoint');
  if (view.units.failed > 0 && session.holder === null) tags.push('hasFailed');
  if (session.isCollectionMissing) tags.push('collectionGone');
  if (!session.isOurs && session.holder === null) tags.push('atRest');
  return `;${tags.join(';')};`;
}

function groupLook(
  group: GroupKind,
  session: TrackedSession,
  { formats }: LookContext,
): VisibleLook {
  const { view } = session.snapshot;
  const looks = {
    masters: { label: t('Masters'), icon: 'database', count: mastersOf(view.files).length },
    checkpoints: { label: t('Checkpoints'), icon: 'history', count: view.checkpointCount },
    failedUnits: { label: t('Failed Units'), icon: 'error', count: view.units.failed },
  };
  const { label, icon, count } = looks[group];
  return {
    id: `${view.session}/${group}`,
    label,
    description: formats.count(count),
    tooltip: [],
    icon: { name: icon },
    contextValue: group === 'failedUnits' ? `;group;${group};retriable;` : `;group;${group};`,
    hasChildren: true,
  };
}

function checkpointLook(
  ref: SessionRef,
  checkpoint: CheckpointListing,
  { formats, nowMs }: LookContext,
): VisibleLook {
  const at = Date.parse(checkpoint.at);
  return {
    id: `${ref.session}/checkpoint/${checkpoint.id}`,
    label: formats.when(at, nowMs),
    description: joinParts([
      recordsPhrase(checkpoint.records, formats),
      checkpointWord(checkpoint.type),
      checkpoint.valid ? '' : t('damaged'),
    ]),
    tooltip: [
      ['', checkpoint.id],
      [t('Written'), formats.ago(at, nowMs)],
      [t('Journal position'), formats.count(checkpoint.seq)],
      [
        '',
        checkpoint.valid
          ? t('Verified')
          : t('Its file is damaged or missing; resuming does not need it.'),
      ],
    ],
    icon: checkpoint.valid
      ? { name: 'bookmark' }
      : { name: 'warning', color: 'list.warningForeground' },
    contextValue: checkpoint.valid ? ';checkpoint;resumePoint;' : ';checkpoint;',
    hasChildren: false,
    opens: 'checkpoint',
  };
}

/** Why a checkpoint was written. */
export function checkpointWord(type: CheckpointType): string {
  const words: Record<CheckpointType, string> = {
    session_started: t('session started'),
    venue_completed: t('group completed'),
    batch_completed: t('periodic'),
    api_call_completed: t('call completed'),
    error_occurred: t('after an error'),
    source_completed: t('source completed'),
    batch_processed: t('batch processed'),
    deduplication_completed: t('deduplicated'),
    session_paused: t('session paused'),
    session_completed: t('session completed'),
  };
  return words[type];
}

/** The last part of a path in a view; those use forward slashes on every platform. */
export function baseName(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}
