import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { SessionNodes, type SessionNode } from '../../../../src/host/tree/sessionNodes.ts';
import { makeSnapshot, makeTracked } from '../../../fixtures/views.ts';

const node = (session: string, changes: Parameters<typeof makeTracked>[0] = {}): SessionNode => ({
  kind: 'session',
  session: makeTracked({ session, ...changes }),
  folder: '',
});

describe('the nodes that VS Code holds', () => {
  let nodes: SessionNodes;
  let books: SessionNode;
  let papers: SessionNode;

  beforeEach(() => {
    nodes = new SessionNodes();
    books = node('books', { records: 1 });
    papers = node('papers');
    nodes.replace([books, papers]);
  });

  test('where the sessions are the same they are kept, and know what is new', () => {
    const repainted = nodes.renew([node('books', { records: 2 }), node('papers')]);
    assert.equal(repainted?.length, 2);
    assert.equal(repainted[0], books);
    assert.equal(repainted[1], papers);
    assert.equal(books.session.snapshot.view.records, 2);
  });

  for (const [change, fresh] of [
    ['a session has come', [node('books'), node('papers'), node('quotes')]],
    ['one is gone', [node('papers')]],
    ['one stands in for another', [node('books'), node('quotes')]],
    ['they come in another order', [node('papers'), node('books')]],
    ['all are gone', []],
  ] as const) {
    test(`${change}: VS Code has to ask for all again`, () => {
      assert.equal(nodes.renew(fresh), undefined);
      assert.equal(books.session.snapshot.view.records, 1);
    });
  }

  test('an empty tree, and one that could not be listed, are always asked for again', () => {
    nodes.replace([]);
    assert.equal(nodes.renew([]), undefined);
  });

  test('figures move the one node; with a new group the tree is asked for again', () => {
    const failed = (count: number) =>
      makeSnapshot({
        session: 'books',
        records: 7,
        units: { ...books.session.snapshot.view.units, failed: count },
      });
    assert.equal(nodes.move('books', failed(2)), books);
    assert.equal(books.session.snapshot.view.records, 7);
    assert.equal(nodes.move('books', failed(0)), 'all');
    assert.equal(nodes.move('elsewhere', failed(2)), undefined);
  });
});
