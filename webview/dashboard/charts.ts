import type { LiveStats, RateSample } from '../../src/core/live.ts';
import type { ChartSpan, DashboardModel } from '../../src/protocol/dashboard.ts';
import type { HistoryMark, HistoryPoint } from '../../src/core/history.ts';
import { el, foldableSection, setAttribute, setText, type Fold } from '../shared/dom.ts';
import { createButton } from '../shared/toolkit.ts';
import { isRunningHere } from './advice.ts';
import type { Words } from './dashboardWords.ts';
import type { Part, Shown } from './part.ts';
import { TimeChart, type ChartData, type ChartMark } from './timeChart.ts';

/** The live charts' width in time: as many seconds as the worker keeps samples. */
const windowSeconds = 120;
const dayMs = 86_400_000;
/** How far apart the points are that a running session adds to its past. */
const liveStepMs = 5000;

const markColors: Readonly<Record<HistoryMark['kind'], string>> = {
  opened: '--vscode-charts-blue',
  resumed: '--vscode-charts-blue',
  recovered: '--vscode-charts-blue',
  wentBack: '--vscode-charts-purple',
  paused: '--vscode-charts-yellow',
  stopped: '--vscode-charts-yellow',
  damaged: '--vscode-charts-red',
  completed: '--vscode-charts-green',
  checkpoint: '--vscode-descriptionForeground',
};

/**
 * Rate and latency of the newest two minutes, or the whole session from its journal: the page says which of them a
 * person wants to see; a session that does not run has only its past.
 */
export function createCharts(
  words: Words,
  fold: Fold,
  span: ChartSpan,
  onSpan: (span: ChartSpan) => void,
): Part {
  const { t } = words;
  let wanted = span;
  let shown: Shown | undefined;
  const rate = rateChart(words);
  const latency = latencyChart(words);
  const whole = wholeChart(words);
  const now = el('div', 'chart-pair', rate.element, latency.element);
  const empty = el('p', 'note');
  const switches = (['now', 'whole'] as const).map((value) => {
    const button = createButton(t(`chart.${value}`));
    button.addEventListener('click', () => {
      wanted = value;
      onSpan(value);
      if (shown) update(shown);
    });
    return { value, button };
  });
  const bar = el('div', 'buttons', ...switches.map(({ button }) => button));
  bar.setAttribute('role', 'group');
  bar.setAttribute('aria-label', t('section.charts'));
  const element = foldableSection(
    'charts',
    t('section.charts'),
    fold,
    bar,
    empty,
    now,
    whole.element,
  );
  // Two charts that hear the same keys need to be told only once how.
  element.title = t('chart.hint');

  const update = (next: Shown): void => {
    shown = next;
    const { model, past } = next;
    const { live } = model.snapshot;
    const hasNow = live.samples.length > 0 || isRunningHere(model);
    const isWhole = !hasNow || wanted === 'whole';
    bar.hidden = !hasNow;
    for (const { value, button } of switches) {
      const isPressed = (value === 'whole') === isWhole;
      setAttribute(button, 'aria-pressed', String(isPressed));
      const appearance = isPressed ? 'primary' : 'secondary';
      if (button.appearance !== appearance) button.appearance = appearance;
    }
    now.hidden = isWhole || live.samples.length === 0;
    whole.element.hidden = !isWhole || past.state !== 'there';
    setText(empty, emptyText(isWhole, next));
    if (!now.hidden) {
      rate.update(live);
      latency.update(live);
    }
    if (!whole.element.hidden) whole.update(next);
  };
  const emptyText = (isWhole: boolean, { model, past }: Shown): string => {
    if (!isWhole) return model.snapshot.live.samples.length === 0 ? t('empty.charts') : '';
    switch (past.state) {
      case 'loading':
        return t('reading');
      case 'failed':
        return t('requestFailed', past.message);
      case 'there':
        return '';
    }
  };
  return { element, update };
}

interface LiveChart {
  readonly element: HTMLElement;
  update(live: LiveStats): void;
}

function rateChart({ t, format }: Words): LiveChart {
  const chart = new TimeChart({
    label: t('section.rate'),
    timeLabel: t('chart.time'),
    formatTime: format.clock,
    windowSeconds,
    lines: [
      {
        label: t('chart.records'),
        color: '--vscode-charts-blue',
        isFilled: true,
        format: format.count,
      },
      {
        label: t('chart.units'),
        color: '--vscode-charts-green',
        isDashed: true,
        format: format.count,
      },
    ],
  });
  const data = onChange((samples: readonly RateSample[]) => ({
    at: samples.map(({ at }) => at),
    values: [samples.map(({ records }) => records), samples.map(({ units }) => units)],
    peak: samples.reduce((most, { records }) => Math.max(most, records), 0),
  }));
  return {
    element: chart.element,
    update({ samples, recordsPerSecond }) {
      const made = data(samples);
      const peak = format.count(made.peak);
      chart.update(made, t('chart.rateSummary', format.rate(recordsPerSecond), peak));
    },
  };
}

function latencyChart({ t, format }: Words): LiveChart {
  const line = (label: string, color: string, isDashed: boolean) => {
    return { label, color, isDashed, format: format.latency };
  };
  const chart = new TimeChart({
    label: t('section.latency'),
    timeLabel: t('chart.time'),
    formatTime: format.clock,
    windowSeconds,
    lines: [
      line(t('chart.fetchMedian'), '--vscode-charts-blue', false),
      line(t('chart.fetchP95'), '--vscode-charts-blue', true),
      line(t('chart.commitMedian'), '--vscode-charts-purple', false),
      line(t('chart.commitP95'), '--vscode-charts-purple', true),
    ],
  });
  const data = onChange((samples: readonly RateSample[]) => ({
    at: samples.map(({ at }) => at),
    values: [
      samples.map(({ fetch }) => fetch?.median ?? null),
      samples.map(({ fetch }) => fetch?.p95 ?? null),
      samples.map(({ commit }) => commit?.median ?? null),
      samples.map(({ commit }) => commit?.p95 ?? null),
    ],
    fetch: samples.findLast(({ fetch }) => fetch !== null)?.fetch ?? null,
    commit: samples.findLast(({ commit }) => commit !== null)?.commit ?? null,
  }));
  return {
    element: chart.element,
    update({ samples }) {
      const made = data(samples);
      const tell = (latency: { readonly median: number } | null) =>
        latency === null ? '–' : format.latency(latency.median);
      const { fetch, commit } = made;
      const summary =
        fetch === null && commit === null
          ? t('chart.noLatency')
          : t('chart.latencySummary', tell(fetch), tell(commit));
      chart.update(made, summary);
    },
  };
}

function wholeChart(words: Words): Part {
  const { t, format } = words;
  const chart = new TimeChart({
    label: t('section.whole'),
    timeLabel: t('chart.time'),
    formatTime: format.dateTime,
    formatTick: (at, spanMs) => (spanMs < dayMs ? format.clock(at) : format.day(at)),
    lines: [
      {
        label: t('chart.allRecords'),
        color: '--vscode-charts-blue',
        isFilled: true,
        format: format.count,
      },
      {
        label: t('chart.done'),
        color: '--vscode-charts-green',
        isOnTheRight: true,
        format: format.count,
      },
      {
        label: t('chart.failed'),
        color: '--vscode-charts-red',
        isOnTheRight: true,
        isDashed: true,
        format: format.count,
      },
    ],
  });
  const data = onChange(wholeData);
  let tail: readonly HistoryPoint[] = [];
  let tailOf: unknown;
  let joined: Joined | undefined;
  return {
    element: chart.element,
    update({ model, past, nowMs }) {
      if (past.state !== 'there') return;
      const { history } = past.value;
      if (tailOf !== history) tail = [];
      const grown = withNow(history.points, tail, model, nowMs);
      if (tailOf !== history || grown !== tail || !joined) {
        joined = { points: [...history.points, ...grown], marks: history.marks };
      }
      tail = grown;
      tailOf = history;
      chart.update(data(joined), wholeSummary(model, history.marks, words));
    },
  };

  function wholeSummary(
    { snapshot: { view, live } }: DashboardModel,
    marks: readonly HistoryMark[],
    { t: say }: Words,
  ): string {
    const count = (kind: HistoryMark['kind']) =>
      format.count(marks.filter((mark) => mark.kind === kind).length);
    return [
      say(
        'chart.wholeSummary',
        format.count(view.records),
        format.count(view.units.done),
        format.count(view.units.failed),
      ),
      say('chart.worked', format.duration(live.elapsedMs)),
      say('chart.starts', count('opened')),
      say('chart.pauses', count('paused')),
    ].join(' · ');
  }
}

interface Joined {
  readonly points: readonly HistoryPoint[];
  readonly marks: readonly HistoryMark[];
}

/** A running session's past goes on: its counts as they are now come after what was read. */
function withNow(
  read: readonly HistoryPoint[],
  tail: readonly HistoryPoint[],
  model: DashboardModel,
  nowMs: number,
): readonly HistoryPoint[] {
  if (!isRunningHere(model)) return tail;
  const last = tail.at(-1) ?? read.at(-1);
  if (last && nowMs - last.at < liveStepMs) return tail;
  const { view } = model.snapshot;
  const master = view.files.filter(({ role }) => role === 'master');
  const point: HistoryPoint = {
    at: nowMs,
    records: view.records,
    done: view.units.done,
    failed: view.units.failed,
    bytes: master.reduce((sum, { bytes }) => sum + bytes, 0),
    spentMicroUsd: view.spentMicroUsd,
  };
  // Nobody looks at one page for a day, but somebody might.
  const kept = tail.length < maxTail ? tail : tail.filter((_, i) => i % 2 === 0);
  return [...kept, point];
}

const maxTail = 600;

function wholeData({ points, marks }: Joined): ChartData {
  return {
    at: points.map(({ at }) => at),
    values: [
      points.map(({ records }) => records),
      points.map(({ done }) => done),
      points.map(({ failed }) => failed),
    ],
    marks: marks.map(({ at, kind }): ChartMark => {
      return { at, color: markColors[kind], isSmall: kind === 'checkpoint' };
    }),
  };
}

/** Makes something of its argument again only when that is another one. */
function onChange<A, B>(make: (argument: A) => B): (argument: A) => B {
  let last: { readonly argument: A; readonly made: B } | undefined;
  return (argument) => {
    if (last?.argument !== argument) last = { argument, made: make(argument) };
    return last.made;
  };
}
