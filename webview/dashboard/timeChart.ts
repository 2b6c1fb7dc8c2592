import uPlot from 'uplot';
import { el, setAttribute, setText } from '../shared/dom.ts';

const heightPx = 160;
// Half a record and half a second say nothing.
const countSteps = Array.from({ length: 13 }, (_, i) => [1, 2, 5].map((n) => n * 10 ** i)).flat();
const secondSteps = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200,
].concat([1, 2, 5, 10, 30, 90, 365].map((days) => days * 86_400));
// `Side` is a const enum of a declaration file: there is nothing of it to be imported.
// eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
const rightSide: uPlot.Axis.Side.Right = 1;

/** One line of a chart. */
export interface ChartLine {
  readonly label: string;
  /** Name of the theme's variable: `--vscode-charts-blue`. */
  readonly color: string;
  readonly isDashed?: boolean;
  readonly isFilled?: boolean;
  /** On the right side, with a scale of its own. */
  readonly isOnTheRight?: boolean;
  readonly format: (value: number) => string;
}

/** A moment that is marked by an upright line. */
export interface ChartMark {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly color: string;
  /** A short line at the foot instead of one of the whole height. */
  readonly isSmall: boolean;
}

/** What a chart shows: times in milliseconds since 1970, and for each line a value for each of them. */
export interface ChartData {
  readonly at: readonly number[];
  readonly values: readonly (readonly (number | null)[])[];
  readonly marks?: readonly ChartMark[];
}

interface ChartOptions {
  readonly label: string;
  readonly timeLabel: string;
  readonly lines: readonly ChartLine[];
  readonly formatTime: (epochMs: number) => string;
  /** For the axis, where there is little room; by how long the chart is. */
  readonly formatTick?: (epochMs: number, spanMs: number) => string;
  /** How wide the chart grows, up to the newest value; left out, it is as wide as its data. */
  readonly windowSeconds?: number;
}

/** A chart's least width in time. */
const leastSeconds = 20;

/**
 * Values over time, to be hovered, or walked through with the arrow keys: the legend, and a screen reader, then tell
 * the values of that moment, and otherwise the newest.
 */
export class TimeChart {
  readonly element: HTMLElement;
  readonly #options: ChartOptions;
  readonly #holder = el('div', 'chart');
  readonly #summary = el('p', 'note');
  #chart: uPlot | undefined;
  /** As last told: asking for it would make the browser lay the page out at once. */
  #width = 0;
  #data: ChartData = { at: [], values: [] };
  /** The moment that was chosen by keyboard. */
  #chosenAt: number | undefined;

  constructor(options: ChartOptions) {
    this.#options = options;
    this.element = el('div', 'chart-box', el('h3', '', options.label), this.#summary, this.#holder);
    // What is walked through from one end to the other, each place with its words, is a slider.
    this.#holder.tabIndex = 0;
    this.#holder.setAttribute('role', 'slider');
    this.#holder.setAttribute('aria-label', options.label);
    this.#holder.setAttribute('aria-valuemin', '0');
    this.#holder.addEventListener('keydown', (event) => {
      this.#onKey(event);
    });
    this.#holder.addEventListener('blur', () => {
      this.#choose(undefined);
    });
    // Colours are read from the theme's variables when the chart is made: another theme, another chart.
    new MutationObserver(() => {
      this.#chart?.destroy();
      this.#chart = undefined;
      this.#draw();
    }).observe(document.body, { attributes: true, attributeFilter: ['data-vscode-theme-id'] });
    new ResizeObserver(() => {
      this.#width = this.#holder.clientWidth;
      if (this.#width === 0) return;
      if (this.#chart) this.#chart.setSize({ width: this.#width, height: heightPx });
      else this.#draw();
    }).observe(this.#holder);
  }

  /** Draws other data; `summary` says in words what it comes to. */
  update(data: ChartData, summary: string): void {
    setText(this.#summary, summary);
    if (data === this.#data) return;
    this.#data = data;
    this.#draw();
  }

  #draw(): void {
    const { at, values } = this.#data;
    const width = this.#width;
    // Folded away or empty.
    if (width === 0 || at.length === 0) return;
    const data = [at.map((ms) => ms / 1000), ...values] as uPlot.AlignedData;
    this.#chart ??= new uPlot(this.#plotOptions(width), data, this.#holder);
    this.#chart.setData(data);
    setAttribute(this.#holder, 'aria-valuemax', String(at.length - 1));
    // The chart has taken its data in, and forgotten its cursor, when this turn is over.
    queueMicrotask(() => {
      this.#point();
    });
  }

  #onKey(event: KeyboardEvent): void {
    const last = this.#data.at.length - 1;
    const index = this.#index();
    const targets: Readonly<Record<string, number>> = {
      ArrowLeft: index - 1,
      ArrowDown: index - 1,
      ArrowRight: index + 1,
      ArrowUp: index + 1,
      PageUp: index + 10,
      PageDown: index - 10,
      Home: 0,
      End: last,
    };
    const target = targets[event.key];
    if (target === undefined || last < 0) return;
    event.preventDefault();
    this.#choose(this.#data.at[Math.max(0, Math.min(last, target))]);
  }

  #choose(at: number | undefined): void {
    if (at === undefined && this.#chosenAt === undefined) return;
    this.#chosenAt = at;
    if (at === undefined) this.#chart?.setCursor({ left: -10, top: -10 });
    this.#point();
  }

  /** The place of the chosen moment; of the newest one when none is chosen, or it has gone by. */
  #index(): number {
    const { at } = this.#data;
    const found = this.#chosenAt === undefined ? -1 : at.indexOf(this.#chosenAt);
    return found < 0 ? at.length - 1 : found;
  }

  /** Lets the legend, the cursor and the screen reader tell the chosen moment, or the newest. */
  #point(): void {
    const chart = this.#chart;
    const index = this.#index();
    const at = this.#data.at[index];
    if (!chart || at === undefined) return;
    if (this.#chosenAt !== undefined) {
      chart.setCursor({ left: chart.valToPos(at / 1000, 'x'), top: heightPx / 3 });
    } else if (chart.cursor.idx === null || chart.cursor.idx === undefined) {
      // Unhovered, the legend tells the newest values instead of dashes.
      chart.setLegend({ idx: index });
    }
    const { lines, formatTime } = this.#options;
    const told = lines.map(({ label, format }, i) => {
      const value = this.#data.values[i]?.[index] ?? null;
      return `${label} ${value === null ? '–' : format(value)}`;
    });
    setAttribute(this.#holder, 'aria-valuenow', String(index));
    setAttribute(this.#holder, 'aria-valuetext', [formatTime(at), ...told].join(', '));
  }

  #plotOptions(width: number): uPlot.Options {
    const { lines, timeLabel, formatTime, windowSeconds } = this.#options;
    const { formatTick = formatTime } = this.#options;
    const color = themeColor;
    const text = color('--vscode-descriptionForeground') || color('--vscode-foreground');
    const edge = color('--vscode-contrastBorder') || color('--vscode-editorWidget-border') || text;
    const axis = {
      stroke: text,
      font: `11px ${color('--vscode-font-family')}`,
      grid: { stroke: edge, width: 0.5 },
      ticks: { show: false },
    };
    const told = (line: ChartLine | undefined, value: number | null) =>
      value === null || !line ? '–' : line.format(value);
    const fromZero: uPlot.Scale.Range = (_chart, _min, max) => [0, Math.max(1, max * 1.1)];
    const left = lines.find((line) => !line.isOnTheRight);
    const right = lines.find((line) => line.isOnTheRight);
    return {
      width,
      height: heightPx,
      padding: [8, right ? 0 : 8, 0, 0],
      cursor: { drag: { x: false, y: false }, points: { size: 6 } },
      scales: {
        x:
          windowSeconds === undefined
            ? {}
            : { range: (_chart, min, max) => [windowStart(min, max, windowSeconds), max] },
        y: { range: fromZero },
        ...(right && { right: { range: fromZero } }),
      },
      axes: [
        {
          ...axis,
          space: 120,
          incrs: secondSteps,
          size: 26,
          values: (chart, ticks) => {
            const { min = 0, max = 0 } = chart.scales['x'] ?? {};
            const spanMs = (max - min) * 1000;
            return ticks.map((at) => formatTick(at * 1000, spanMs));
          },
        },
        {
          ...axis,
          size: 56,
          incrs: countSteps,
          values: (_chart, ticks) => ticks.map((value) => told(left, value)),
        },
        ...(right
          ? [
              {
                ...axis,
                scale: 'right',
                side: rightSide,
                size: 56,
                incrs: countSteps,
                grid: { show: false },
                values: (_chart: uPlot, ticks: number[]) =>
                  ticks.map((value) => told(right, value)),
              },
            ]
          : []),
      ],
      series: [
        {
          label: timeLabel,
          value: (_chart, at: number | null) => (at === null ? '–' : formatTime(at * 1000)),
        },
        ...lines.map((line): uPlot.Series => {
          const stroke = color(line.color);
          return {
            label: line.label,
            scale: line.isOnTheRight ? 'right' : 'y',
            stroke,
            width: 1.5,
            spanGaps: true,
            points: { show: false },
            ...(line.isFilled && { fill: `color-mix(in srgb, ${stroke} 20%, transparent)` }),
            ...(line.isDashed && { dash: [4, 3] }),
            value: (_chart, value: number | null) => told(line, value),
          };
        }),
      ],
      hooks: {
        draw: [
          (chart) => {
            drawMarks(chart, this.#data.marks ?? []);
          },
        ],
      },
    };
  }
}

function themeColor(name: string): string {
  return getComputedStyle(document.body).getPropertyValue(name).trim();
}

function drawMarks(chart: uPlot, marks: readonly ChartMark[]): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.lineWidth = Math.max(1, uPlot.pxRatio);
  for (const { at, color, isSmall } of marks) {
    const x = Math.round(chart.valToPos(at / 1000, 'x', true)) + 0.5;
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = themeColor(color);
    ctx.setLineDash(isSmall ? [] : [3, 3]);
    ctx.beginPath();
    ctx.moveTo(x, isSmall ? bbox.top + bbox.height - 8 * uPlot.pxRatio : bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

/** A run of some seconds fills the chart, too; of one that is older the newest part is shown. */
function windowStart(first: number, newest: number, widestSeconds: number): number {
  const seconds = newest - first;
  const shown = Math.min(widestSeconds, Math.max(leastSeconds, seconds));
  return newest - shown;
}
