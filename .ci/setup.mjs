// First step of every script that must work on a fresh machine: `node .ci/setup.mjs SCRIPT
// [ARGUMENTS]`. Installs the packages where they are missing or differ from package-lock.json, then
// runs SCRIPT under the project's own Node. Plain JavaScript without dependencies, because it runs
// on whatever Node is there.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const nodePackage = path.join(root, 'node_modules', 'node');
const node = path.join(nodePackage, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

if (Number(process.versions.node.split('.')[0]) < 20) {
  fail(`Node ${process.versions.node} is too old: CF Collector is built with Node 20 or later.`);
}
if (!isInstalled()) {
  say('Installing packages (npm ci) ...');
  npm('ci', '--no-audit', '--no-fund', '--loglevel=error');
}
if (!existsSync(node)) {
  // npm skipped the install script of the `node` package (--ignore-scripts): it is what brings the
  // binary.
  run(process.execPath, ['installArchSpecificPackage.js'], nodePackage);
  npm('rebuild', '--ignore-scripts', '--loglevel=error', 'node');
}
const [script, ...scriptArguments] = process.argv.slice(2);
if (script !== undefined) hand(script, scriptArguments);

/** Whether node_modules holds what package-lock.json says, whoever put it there. */
function isInstalled() {
  const wanted = packagesIn('package-lock.json');
  const present = packagesIn(path.join('node_modules', '.package-lock.json'));
  return Object.entries(wanted).every(
    ([place, { version, optional }]) =>
      place === '' || (present[place]?.version ?? (optional ? version : undefined)) === version,
  );
}

function packagesIn(lockFile) {
  const file = path.join(root, lockFile);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : {};
}

function npm(...args) {
  // npm_execpath is the npm that started us; without it, the one on PATH (a .cmd file on Windows).
  const cli = process.env.npm_execpath;
  if (cli?.endsWith('.js')) run(process.execPath, [cli, ...args], root);
  else run('npm', args, root, process.platform === 'win32');
}

function run(command, args, cwd, shell = false) {
  const { status, error } = spawnSync(command, args, { cwd, shell, stdio: 'inherit' });
  if (status !== 0) {
    fail(
      `${command} ${args.join(' ')} ${error ? `failed: ${error.message}` : `ended with ${status}`}`,
    );
  }
}

/** Runs the script with the project's Node in front of PATH, and ends as it ends. */
function hand(file, args) {
  const bin = path.join(root, 'node_modules', '.bin');
  const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}` };
  const child = spawn(node, [path.resolve(root, file), ...args], {
    cwd: root,
    stdio: 'inherit',
    env,
  });
  // Ctrl-C reaches the child by itself (same terminal); this process only has to outlive it.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`${node} did not start: ${error.message}`));
  child.on('exit', (code, signal) => {
    process.exit(code ?? 128 + ({ SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal] ?? 1));
  });
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}
