/**
 * Two that start or resume one collection at the same moment, as processes and as threads of one process: one runs, the
 * other is told who does.
 *
 *   npm run test:crash -- twoWriters.test.ts --rounds 100
 */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { on, once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { ContenderOrder, ContenderReport } from '../fixtures/contender.ts';
import { readMasters, withWorkspace, writeCollection } from '../fixtures/workspace.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '10' } },
  strict: false,
});
const rounds = Number(values.rounds);
/** Resumes of one collection before the next one is started. */
const roundsPerWorkspace = 5;
const perPage = 3;

const script = fileURLToPath(new URL('../fixtures/contender.ts', import.meta.url));

/** Serves pages as far as it is allowed to, and lets those who ask for more wait. */
class Tap {
  #open = 0;
  readonly #waiting = new Set<ServerResponse>();
  readonly #server = createServer((request, response) => {
    const offset = Number(new URL(request.url ?? '/', 'http://x').searchParams.get('offset') ?? 0);
    if (offset >= this.#open) {
      this.#waiting.add(response);
      return;
    }
    const items = Array.from({ length: perPage }, (_, i) => ({ id: offset + i }));
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ items }));
  });

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/items`;
  }

  /** One more page may be had. */
  openPage(): number {
    return (this.#open += perPage);
  }

  reset(): void {
    this.#open = 0;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

interface Contender {
  tell(order: ContenderOrder): void;
  next(): Promise<ContenderReport>;
}

/** What a contender says, one after the other; rejects when it has died. */
function reportsOf(source: NodeJS.EventEmitter): () => Promise<ContenderReport> {
  const died = once(source, 'exit').then(() => {
    throw new Error('a contender has died');
  });
  died.catch(() => undefined);
  const reports = on(source, 'message') as AsyncIterator<[ContenderReport]>;
  return async () => {
    const { value } = await Promise.race([reports.next(), died]);
    return (value as [ContenderReport])[0];
  };
}

function startProcess(t: TestContext): Contender {
  const child = fork(script, [], { execArgv: [] });
  t.after(async () => {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  });
  return { tell: (order) => child.send(order), next: reportsOf(child) };
}

function startThread(t: TestContext): Contender {
  const worker = new Worker(script);
  t.after(() => worker.terminate());
  return {
    tell: (order) => {
      worker.postMessage(order);
    },
    next: reportsOf(worker),
  };
}

const tap = new Tap();
let url = '';
before(async () => {
  url = await tap.listen();
});
after(() => {
  tap.close();
});

async function contend(t: TestContext, contenders: readonly Contender[]): Promise<void> {
  for (const contender of contenders) assert.equal((await contender.next()).type, 'ready');
  const wins = contenders.map(() => 0);
  for (let round = 0; round < rounds;) {
    await withWorkspace(async (workspace) => {
      tap.reset();
      const file = await writeCollection(workspace, {
        name: 'contended',
        source: { type: 'rest', url, paginate: { type: 'offset' }, items: 'items' },
        record: { key: ['id'] },
      });
      const sessions = new Set<string>();
      for (let i = 0; i < roundsPerWorkspace && round < rounds; i++, round++) {
        const expected = tap.openPage();
        // Both at once; who is told first changes.
        const order = round % 2 === 0 ? contenders : [...contenders].reverse();
        for (const contender of order) contender.tell({ type: 'go', file, workspace });
        const reports = await Promise.all(contenders.map((contender) => contender.next()));
        const winner = reports.findIndex(({ type }) => type === 'running');
        const text = `round ${round}: ${JSON.stringify(reports)}`;
        const running = reports[winner];
        assert.ok(running?.type === 'running', text);
        for (const [n, report] of reports.entries()) {
          if (n === winner) continue;
          assert.ok(report.type === 'refused', text);
          assert.equal(report.error, 'HeldError', text);
          assert.equal(report.holder, running.pid, text);
        }
        wins[winner] = (wins[winner] ?? 0) + 1;
        sessions.add(running.session);
        contenders[winner]?.tell({ type: 'end' });
        const ended = await contenders[winner]?.next();
        assert.ok(ended?.type === 'ended' && ended.state === 'stopped', JSON.stringify(ended));
        const records = await readMasters(join(workspace, 'data/raw'));
        assert.deepEqual(
          records.map((record) => record['id']),
          Array.from({ length: expected }, (_, n) => n),
        );
      }
      assert.equal(sessions.size, 1, 'nobody has made a second session');
    });
  }
  t.diagnostic(`${rounds} rounds, won ${wins.join(' and ')} times`);
}

suite('two that start or resume one collection at once', () => {
  test('two processes', (t) => contend(t, [startProcess(t), startProcess(t)]));

  test('two threads of one process', (t) => contend(t, [startThread(t), startThread(t)]));

  test('a process and a thread', (t) => contend(t, [startProcess(t), startThread(t)]));
});
