/** Numbers and times as people of one locale read them. No words: those are translated at the edge. */
export interface Formats {
  /** `1,234` */
  readonly count: (value: number) => string;
  /** A rate or a mean, one decimal below 100: `12.3`, `1,234`. */
  readonly rate: (value: number) => string;
  /** A share of 1: `61%`; below 100% it never says 100%. */
  readonly percent: (share: number) => string;
  /** `0:00:07`, `12:05:31`; hours are not folded into days. */
  readonly duration: (ms: number) => string;
  /** How long an answer took: `81 ms`, `2.4 sec`. */
  readonly latency: (ms: number) => string;
  /** `950 bytes`, `1.4 MB`: powers of 1000. */
  readonly bytes: (value: number) => string;
  /** Millionths of a US dollar as dollars, cents and smaller where they matter: `$12.34`, `$0.0005`. */
  readonly usd: (microUsd: number) => string;
  /** `3 minutes ago`, `now`. */
  readonly ago: (fromMs: number, nowMs: number) => string;
  /** Time of day with seconds, local: `14:03:22`. */
  readonly clock: (epochMs: number) => string;
  /** The time of day, with the day before it when that is not today. Local. */
  readonly when: (epochMs: number, nowMs: number) => string;
  /** The day without its year, local: `Nov 21`. */
  readonly day: (epochMs: number) => string;
  /** Day and time, local. */
  readonly dateTime: (epochMs: number) => string;
}

const byteUnits = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
const agoUnits = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const;

let english: Intl.NumberFormat | undefined;

/** Millionths of a US dollar in English, for logs and the terminal: `$12.34`, `$0.0005`. */
export function dollars(microUsd: number): string {
  english ??= usdFormat('en');
  return english.format(microUsd / 1e6);
}

function usdFormat(tag: string): Intl.NumberFormat {
  return new Intl.NumberFormat(tag, {
    style: 'currency',
    currency: 'USD',
    currencyDisplay: 'narrowSymbol',
    maximumFractionDigits: 6,
  });
}

/** The formats of a locale (BCP 47); one that is not known gives English. */
export function formatsFor(locale: string): Formats {
  const tag = late(() => supportedTag(locale));
  const whole = late(() => new Intl.NumberFormat(tag(), { maximumFractionDigits: 0 }));
  const decimal = late(() => {
    const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
    return new Intl.NumberFormat(tag(), digits);
  });
  const share = late(() => {
    return new Intl.NumberFormat(tag(), { style: 'percent', maximumFractionDigits: 0 });
  });
  const usd = late(() => usdFormat(tag()));
  const byteFormats = byteUnits.map((unit) =>
    late(() => unitFormat(tag(), unit, unit === 'byte' ? 0 : 1)),
  );
  const millisecond = late(() => unitFormat(tag(), 'millisecond', 0));
  const second = late(() => unitFormat(tag(), 'second', 1));
  const relative = late(() => new Intl.RelativeTimeFormat(tag(), { numeric: 'auto' }));
  const clock = late(() => new Intl.DateTimeFormat(tag(), { timeStyle: 'medium' }));
  const day = late(() => new Intl.DateTimeFormat(tag(), { month: 'short', day: 'numeric' }));
  const dateTime = late(() => {
    return new Intl.DateTimeFormat(tag(), { dateStyle: 'medium', timeStyle: 'medium' });
  });
  return {
    count: (value) => whole().format(value),
    rate: (value) => (value < 99.95 ? decimal().format(value) : whole().format(value)),
    percent: (value) => share().format(value < 1 ? Math.floor(value * 100) / 100 : 1),
    duration: digitalDuration,
    latency: (ms) => (ms < 999.5 ? millisecond().format(ms) : second().format(ms / 1000)),
    bytes: (value) => {
      let power = 0;
      // 999,950 would be shown as "1,000 kB".
      for (let v = value; v >= 999.95 && power < byteUnits.length - 1; v /= 1000) power += 1;
      return (byteFormats[power] ?? whole)().format(value / 1000 ** power);
    },
    usd: (microUsd) => usd().format(microUsd / 1e6),
    ago: (fromMs, nowMs) => {
      const elapsedMs = Math.max(0, nowMs - fromMs);
      for (const [unit, ms] of agoUnits) {
        if (elapsedMs >= ms) return relative().format(-Math.floor(elapsedMs / ms), unit);
      }
      return relative().format(0, 'second');
    },
    clock: (epochMs) => clock().format(epochMs),
    when: (epochMs, nowMs) =>
      new Date(epochMs).toDateString() === new Date(nowMs).toDateString()
        ? clock().format(epochMs)
        : dateTime().format(epochMs),
    day: (epochMs) => day().format(epochMs),
    dateTime: (epochMs) => dateTime().format(epochMs),
  };
}

/** Makes something when it is first asked for: each of Intl's formats takes its time, and most are never used. */
function late<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

function unitFormat(tag: string, unit: string, maximumFractionDigits: number): Intl.NumberFormat {
  return new Intl.NumberFormat(tag, {
    style: 'unit',
    unit,
    // Its short form knows no plural in English.
    unitDisplay: unit === 'byte' ? 'long' : 'short',
    maximumFractionDigits,
  });
}

function digitalDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

function supportedTag(locale: string): string {
  try {
    return Intl.NumberFormat.supportedLocalesOf(locale)[0] ?? 'en';
  } catch {
    // Not even a well-formed tag: "qps-ploc_x".
    return 'en';
  }
}
