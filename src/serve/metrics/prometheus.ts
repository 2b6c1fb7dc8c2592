import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { version } from '../../core/version.ts';
import { metricFigures, type Measured, type MetricFigure } from './figures.ts';
import type { MeasuredRuns, SessionLabels } from './measuredRuns.ts';

const prefix = 'cf_collector_';
const sessionLabels = ['session', 'collection'];
/** Upper bounds in seconds: from what a quick disk takes to what a slow page does. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

type Fill = (labels: SessionLabels, measured: Measured) => void;

/** The figures of all measured sessions, as Prometheus reads them. */
export class PrometheusMetrics {
  readonly #runs: MeasuredRuns;
  readonly #registry = new Registry();
  readonly #resets: (() => void)[] = [];
  readonly #fills: Fill[] = [];

  /** Answers and commits are counted in histograms from here on. */
  constructor(runs: MeasuredRuns) {
    this.#runs = runs;
    for (const figure of metricFigures) this.#addFigure(figure);
    this.#addTimings();
    const name = `${prefix}build_info`;
    const help = 'The version that this is; always 1.';
    new Gauge({ name, help, labelNames: ['version'], registers: [this.#registry] }).set(
      { version },
      1,
    );
  }

  /** The `content-type` of {@link PrometheusMetrics.text}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All figures as they are now, in Prometheus' text format. */
  text(): Promise<string> {
    for (const reset of this.#resets) reset();
    for (const { session, collection, snapshot, maxUsd } of this.#runs.all()) {
      for (const fill of this.#fills) fill({ session, collection }, { ...snapshot, maxUsd });
    }
    return this.#registry.metrics();
  }

  #addFigure({ kind, name, help, label, values }: MetricFigure): void {
    const labelNames = label === undefined ? sessionLabels : [...sessionLabels, label];
    const options = { name: prefix + name, help, labelNames, registers: [this.#registry] };
    const metric = kind === 'counter' ? new Counter(options) : new Gauge(options);
    this.#resets.push(() => {
      metric.reset();
    });
    this.#fills.push((labels, measured) => {
      for (const [value, count] of values(measured)) {
        metric.inc(label === undefined ? { ...labels } : { ...labels, [label]: value }, count);
      }
    });
  }

  #addTimings(): void {
    const histogram = (name: string, help: string): Histogram =>
      new Histogram({
        name: prefix + name,
        help,
        labelNames: sessionLabels,
        buckets,
        registers: [this.#registry],
      });
    const answers = histogram(
      'fetch_duration_seconds',
      'From sending a request to the last byte of its answer.',
    );
    const commits = histogram(
      'commit_duration_seconds',
      'From the beginning of a commit until it is durable.',
    );
    this.#runs.listen((labels) => {
      const answer = answers.labels({ ...labels });
      const commit = commits.labels({ ...labels });
      return {
        onAnswer: (ms) => {
          answer.observe(ms / 1000);
        },
        onCommit: (ms) => {
          commit.observe(ms / 1000);
        },
      };
    });
  }
}
