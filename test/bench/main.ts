// npm run bench [-- --runs N] [-- html browser json files frontier loop size merge validate viewer activation dashboard]: what things cost here, side by side with bare loops.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../../.ci/build.ts';
import { measureActivation } from './activationCase.ts';
import { measureBrowser } from './browserCase.ts';
import { measureDashboard } from './dashboardCase.ts';
import { measureEventLoop } from './eventLoopCase.ts';
import { measureFiles } from './filesCase.ts';
import { measureFrontier } from './frontierCase.ts';
import { measureHtml } from './htmlCase.ts';
import { measureJson } from './jsonCase.ts';
import { bundlePrograms, outFolder } from './lab.ts';
import { measureSize } from './sizeCase.ts';
import { measureMerge } from './mergeCase.ts';
import { type Figure, tableOf, writeReport } from './report.ts';
import { measureValidate } from './validateCase.ts';
import { measureViewer } from './viewerCase.ts';

const cases: Readonly<Record<string, (runs: number) => Promise<Figure[]>>> = {
  html: measureHtml,
  browser: measureBrowser,
  json: measureJson,
  files: measureFiles,
  frontier: measureFrontier,
  loop: measureEventLoop,
  merge: measureMerge,
  size: measureSize,
  validate: measureValidate,
  viewer: measureViewer,
  activation: measureActivation,
  dashboard: measureDashboard,
};

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { runs: { type: 'string', default: '5' } },
    allowPositionals: true,
  });
  const runs = Number(values.runs);
  if (!Number.isSafeInteger(runs) || runs < 1)
    throw new Error('--runs needs a whole number from 1');
  for (const name of positionals) {
    if (!Object.hasOwn(cases, name)) {
      throw new Error(`No case "${name}": there are ${Object.keys(cases).join(', ')}`);
    }
  }
  await build();
  await bundlePrograms();
  const figures: Figure[] = [];
  for (const [name, measure] of Object.entries(cases)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    console.error(`Measuring ${name}, ${runs} times ...`);
    figures.push(...(await measure(runs)));
  }
  const file = join(outFolder, 'bench.json');
  await writeReport(file, runs, figures);
  console.log(tableOf(figures));
  console.log(`\nMedians of ${runs}. Written to ${file}`);
}

await main();
