/** A server of `src/serve`: the bookshop, the paged API of papers, the quotes made by script. */
export type SampleServerName = 'site' | 'api' | 'quotes';

/** A sample collection: `media/samples/NAME.collect.json`. */
export interface Sample {
  readonly name: string;
  readonly server: SampleServerName;
  /** The port that the file in `media/samples` names. */
  readonly port: number;
}

/** The sample collections; the first is the one to begin with. */
export const samples = [
  { name: 'books', server: 'site', port: 8080 },
  { name: 'papers', server: 'api', port: 8081 },
  { name: 'quotes', server: 'quotes', port: 8082 },
] as const satisfies readonly Sample[];

/** What a sample collection is served by, and where on 127.0.0.1. */
export interface ServedSample {
  readonly server: SampleServerName;
  readonly port: number;
}

/**
 * What a collection file asks to be served: it has a comment `// @sample SERVER`, and the port is that of the first
 * loopback address in it. Undefined for a file that is nobody's sample.
 */
export function servedIn(text: string): ServedSample | undefined {
  const server = /^\s*\/\/\s*@sample (site|api|quotes)\b/m.exec(text)?.[1];
  const port = Number(/\b127\.0\.0\.1:(\d{1,5})\b/.exec(text)?.[1]);
  if (server === undefined || !(port >= 1 && port <= 65_535)) return undefined;
  return { server: server as SampleServerName, port };
}

/** A sample collection's text with every address at another port. */
export function atPort(text: string, from: number, to: number): string {
  return text.replaceAll(new RegExp(`\\b127\\.0\\.0\\.1:${from}\\b`, 'g'), `127.0.0.1:${to}`);
}
