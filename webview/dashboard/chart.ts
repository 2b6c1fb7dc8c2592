import uPlot from 'uplot';
import type { RateSample } from '../../src/core/live.ts';
import { isRunningHere } from './advice.ts';
import { el, section, setAttribute } from '../shared/dom.ts';
import type { Part } from './tables.ts';
import type { Words } from './dashboardWords.ts';

const height = 180;
/** The chart's width in time: as many seconds as the worker keeps samples. */
const windowSeconds = 120;

/** Durable records and finished units per second over the newest two minutes. */
export function createChart(words: Words): Part {
  const { t, format } = words;
  const holder = el('div', 'chart');
  holder.setAttribute('role', 'img');
  const empty = el('p', 'note', t('empty.rate'));
  const element = section('rate', t('section.rate'), holder, empty);
  let chart: uPlot | undefined;
  let drawn: readonly RateSample[] | undefined;

  const draw = (samples: readonly RateSample[]): void => {
    const data: uPlot.AlignedData = [
      samples.map((sample) => sample.at / 1000),
      samples.map((sample) => sample.records),
      samples.map((sample) => sample.units),
    ];
    chart ??= new uPlot(options(words, holder.clientWidth), data, holder);
    chart.setData(data);
    // Unhovered, the legend tells the newest values instead of dashes.
    if (chart.cursor.idx === null || chart.cursor.idx === undefined) {
      chart.setLegend({ idx: samples.length - 1 });
    }
  };
  // Colours are read from the theme's variables when the chart is made: another theme, another chart.
  new MutationObserver(() => {
    chart?.destroy();
    chart = undefined;
    if (drawn && drawn.length > 0) draw(drawn);
  }).observe(document.body, { attributes: true, attributeFilter: ['data-vscode-theme-id'] });
  new ResizeObserver(() => {
    if (chart && holder.clientWidth > 0) chart.setSize({ width: holder.clientWidth, height });
  }).observe(holder);

  return {
    element,
    update(model) {
      const { live } = model.snapshot;
      const { samples } = live;
      element.hidden = samples.length === 0 && !isRunningHere(model);
      empty.hidden = samples.length > 0;
      holder.hidden = samples.length === 0;
      if (samples.length === 0 || samples === drawn) return;
      drawn = samples;
      draw(samples);
      const peak = Math.max(...samples.map((sample) => sample.records));
      setAttribute(
        holder,
        'aria-label',
        t('chart.summary', format.rate(live.recordsPerSecond), format.count(peak)),
      );
    },
  };
}

function options({ t, format }: Words, width: number): uPlot.Options {
  const style = getComputedStyle(document.body);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const text = color('--vscode-descriptionForeground') || color('--vscode-foreground');
  const axis = {
    stroke: text,
    font: `11px ${color('--vscode-font-family')}`,
    grid: {
      stroke: color('--vscode-contrastBorder') || color('--vscode-editorWidget-border') || text,
      width: 0.5,
    },
    ticks: { show: false },
  };
  const count = (value: number | null) => (value === null ? '–' : format.count(value));
  const records = color('--vscode-charts-blue');
  return {
    width,
    height,
    padding: [8, 8, 0, 0],
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { range: (_chart, _min, max) => [max - windowSeconds, max] },
      y: { range: (_chart, _min, max) => [0, Math.max(1, max * 1.1)] },
    },
    axes: [
      {
        ...axis,
        space: 90,
        size: 28,
        values: (_chart, ticks) => ticks.map((at) => format.clock(at * 1000)),
      },
      { ...axis, size: 52, values: (_chart, ticks) => ticks.map(count) },
    ],
    series: [
      {
        label: t('chart.time'),
        value: (_chart, at: number | null) => (at === null ? '–' : format.clock(at * 1000)),
      },
      {
        label: t('chart.records'),
        stroke: records,
        fill: `color-mix(in srgb, ${records} 20%, transparent)`,
        width: 1.5,
        points: { show: false },
        value: (_chart, value: number | null) => count(value),
      },
      {
        label: t('chart.units'),
        stroke: color('--vscode-charts-green'),
        width: 1.5,
        dash: [4, 3],
        points: { show: false },
        value: (_chart, value: number | null) => count(value),
      },
    ],
  };
}
