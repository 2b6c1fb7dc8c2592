import { existsSync, globSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ServerProcess } from '../fixtures/served/serve.ts';
import type { Content } from '../fixtures/served/content.ts';
import { siteKeys, sitePath } from '../fixtures/served/generatedSite.ts';
import { compare } from './compare.ts';
import { bareLoop, ourRun, outFolder, programs } from './lab.ts';
import type { Figure } from './report.ts';

/** Where Debian's package `postgresql-doc-15` has its pages. */
const realFolder = '/usr/share/doc/postgresql-doc-15/html';
const concurrency = 16;

interface Pages {
  readonly name: string;
  readonly content: Content;
  readonly paths: readonly string[];
}

/** PostgreSQL's documentation where it is installed, else as many generated pages of the same size. */
function choosePages(): Pages {
  if (existsSync(join(realFolder, 'index.html'))) {
    const paths = globSync('*.html', { cwd: realFolder })
      .sort()
      .map((file) => `/${file}`);
    const name = `HTML, ${paths.length} real pages`;
    return { name, content: { kind: 'static', folder: realFolder }, paths };
  }
  const content = {
    kind: 'site',
    pages: 1_169,
    bytesPerPage: 14_000,
    duplicatesPercent: 0,
  } as const;
  const paths = Array.from({ length: siteKeys(content).size }, (_, i) => sitePath(i));
  return { name: `HTML, ${paths.length} GENERATED pages`, content, paths };
}

/** Three fields of each page: the bare loop, ours, and ours without fdatasync. */
export async function measureHtml(runs: number): Promise<Figure[]> {
  const { name, content, paths } = choosePages();
  const server = await ServerProcess.start(content);
  try {
    const urls = paths.map((path) => server.url(path));
    const urlsFile = join(outFolder, 'bench', 'urls.json');
    await writeFile(urlsFile, JSON.stringify(urls));
    const collection = (fsync: boolean) => ({
      name: 'html',
      source: {
        type: 'html',
        start: urls,
        scope: { hosts: [server.host] },
        fields: { title: 'title', heading: 'h1', first: 'p', url: { from: 'url' } },
      },
      record: { key: ['url'] },
      limits: { concurrency, perHost: { concurrency } },
      durability: { flushEvery: 10, fsync },
    });
    return await compare(
      {
        name,
        bare: bareLoop(
          programs.bareHtml,
          (out) => [urlsFile, out, String(concurrency)],
          urls.length,
        ),
        durable: ourRun(collection(true), urls.length),
        loose: ourRun(collection(false), urls.length),
        ratioAtMost: 1.6,
      },
      runs,
    );
  } finally {
    await server.close();
  }
}
