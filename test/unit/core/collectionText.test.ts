import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectionJsonSchema, type Collection } from '../../../src/core/config.ts';
import { readCollectionText } from '../../../src/core/collectionText.ts';
import { ConfigError, UsageError, type Problem } from '../../../src/core/errors.ts';

const file = '/w/books.collect.json';

function problemsOf(text: string): { problems: readonly Problem[]; message: string } {
  try {
    readCollectionText(text, file);
  } catch (error) {
    assert.ok(error instanceof ConfigError && error instanceof UsageError);
    assert.equal(error.file, file);
    assert.equal(error.data['file'], file);
    return { problems: error.problems, message: error.message };
  }
  throw new Error('It was accepted.');
}

/** The text around a problem: from its column on, as long as it says. */
function textAt(text: string, problem: Problem): string {
  const line = text.split('\n')[(problem.line ?? 1) - 1] ?? '';
  const from = (problem.column ?? 1) - 1;
  return line.slice(from, from + (problem.length ?? 0));
}

const rest = (extra: string, source = '"url": "http://127.0.0.1/"'): string =>
  `{
  // A comment.
  "name": "books",
  "source": { "type": "rest", ${source} },
  ${extra}
}`;

test('the samples of the design are read, with comments, trailing commas and defaults', () => {
  const { collection } = readCollectionText(
    rest('"limits": { "target": 2000, /* here too */ }, "record": { "key": ["id"], },'),
    file,
  );
  assert.equal(collection.name, 'books');
  assert.equal(collection.limits.target, 2000);
  assert.deepEqual(collection.durability, { flushEvery: 10, flushMs: 1000, fsync: true });
  assert.deepEqual(collection.retry, { attempts: 5, baseMs: 500, maxMs: 60_000 });
  assert.equal(collection.dedup.against, 'session');
  assert.equal(collection.output.dir, 'data/raw');
});

const bad: [
  what: string,
  text: string,
  path: string,
  at: string,
  message: RegExp,
  hint?: string,
][] = [
  ['an unknown key', rest('"limitz": {}'), 'limitz', '"limitz"', /Unknown key/, 'limits'],
  [
    'an unknown key deep inside',
    rest('"limits": { "perHost": { "concurency": 3 } }'),
    'limits.perHost.concurency',
    '"concurency"',
    /Unknown key/,
    'concurrency',
  ],
  [
    'an unknown key of the source',
    rest('"record": {}', '"url": "u", "pagnate": {}'),
    'source.pagnate',
    '"pagnate"',
    /Unknown key/,
    'paginate',
  ],
  [
    'an unknown type of source',
    '{ "name": "x", "source": { "type": "htlm" } }',
    'source.type',
    '"htlm"',
    /"htlm" is not one of .*html.*rest/,
    'html',
  ],
  ['a missing source', '{ "name": "x" }', 'source', '{', /Required, but missing/],
  ['a missing name', '{ "source": { "type": "rest", "url": "u" } }', 'name', '{', /missing/],
  ['a missing url', rest('"record": {}', '"method": "GET"'), 'source.url', '"source"', /missing/],
  [
    'a number that is none',
    rest('"limits": { "target": "many" }'),
    'limits.target',
    '"many"',
    /expected number, received string/,
  ],
  ['a number out of range', rest('"limits": { "concurrency": 0 }'), 'limits.concurrency', '0', /1/],
  [
    'a number too large',
    rest('"limits": { "concurrency": 9999 }'),
    'limits.concurrency',
    '9999',
    /256/,
  ],
  ['a fraction', rest('"limits": { "target": 1.5 }'), 'limits.target', '1.5', /int/],
  [
    'an unsafe name',
    '{ "name": "a/b", "source": { "type": "rest", "url": "u" } }',
    'name',
    '"a/b"',
    /usable as a file name/,
  ],
  [
    'a prefix that is a device',
    rest('"output": { "prefix": "con" }'),
    'output.prefix',
    '"con"',
    /usable as a file name/,
  ],
  [
    'a wrong choice',
    rest('"dedup": { "against": "previos" }'),
    'dedup.against',
    '"previos"',
    /"previos" is not one of session, previous/,
    'previous',
  ],
  [
    'a wrong choice where there is another form',
    '{ "name": "x", "source": { "type": "html", "fields": { "a": { "from": "ulr" } } } }',
    'source.fields.a.from',
    '"ulr"',
    /"ulr" is not one of url, page/,
    'url',
  ],
  [
    'a wrong paginator',
    rest('"record": {}', '"url": "u", "paginate": { "type": "curser", "from": "x" }'),
    'source.paginate.type',
    '"curser"',
    /"curser" is not one of/,
    'cursor',
  ],
  [
    'a paginator without what it needs',
    rest('"record": {}', '"url": "u", "paginate": { "type": "keyset", "from": "x" }'),
    'source.paginate.param',
    '"paginate"',
    /missing/,
  ],
  [
    'an empty list',
    rest('"record": { "key": [] }'),
    'record.key',
    '"key"',
    /Too small|at least|>=1/i,
  ],
  [
    'a wrong element of a list',
    rest('"record": { "key": ["a", 5] }'),
    'record.key.1',
    '5',
    /expected string/,
  ],
  [
    'a field of the wrong form',
    '{ "name": "x", "source": { "type": "html", "fields": { "a.b": { "select": "h1", "atr": "x" } } } }',
    'source.fields.a.b.atr',
    '"atr"',
    /Unknown key/,
    'attr',
  ],
  [
    'the name that others have for the number of records',
    rest('"limits": { "maxRecords": 100 }'),
    'limits.maxRecords',
    '"maxRecords"',
    /Unknown key/,
    'target',
  ],
  [
    'dollars with an underscore',
    rest('"limits": { "max_usd": 1 }'),
    'limits.max_usd',
    '"max_usd"',
    /Unknown key/,
    'maxUsd',
  ],
  [
    'a budget',
    rest('"limits": { "budget": 1 }'),
    'limits.budget',
    '"budget"',
    /Unknown key/,
    'maxUsd',
  ],
  ['an error rate of 1', rest('"dedup": { "errorRate": 1 }'), 'dedup.errorRate', '1', /0\.5/],
];

for (const [what, text, path, at, message, hint] of bad) {
  test(`${what} is told with file, line, field${hint === undefined ? '' : ' and what was meant'}`, () => {
    const { problems, message: whole } = problemsOf(text);
    const problem = problems.find((p) => p.path === path);
    assert.ok(problem, `no problem at ${path}: ${JSON.stringify(problems)}`);
    assert.match(problem.message, message);
    assert.equal(textAt(text, problem), at);
    assert.equal(problem.suggestion, hint);
    assert.ok(whole.includes(`${file}:${problem.line}:${problem.column}: ${path}: `), whole);
    if (hint !== undefined) assert.match(whole, new RegExp(`Did you mean "${hint}"\\?`));
    assert.equal(problems.length, 1, JSON.stringify(problems));
  });
}

test('everything wrong is told at once', () => {
  const { problems } = problemsOf(rest('"limitz": {}, "dedup": { "recent": -1, "capasity": 5 }'));
  assert.deepEqual(problems.map((p) => p.path).sort(), [
    'dedup.capasity',
    'dedup.recent',
    'limitz',
  ]);
});

test('text that is no JSON is told with its place', () => {
  const { problems, message } = problemsOf('{\n  "name": "x"\n  "source": 5\n}');
  assert.equal(problems[0]?.code, 'CONFIG_SYNTAX');
  assert.equal(problems[0].line, 3);
  assert.match(message, /books\.collect\.json:3:3: Not valid JSON/);
  for (const text of ['', '   \n', '// only a comment\n']) {
    const { problems: empty } = problemsOf(text);
    assert.equal(empty.length, 1, JSON.stringify(text));
    assert.equal(empty[0]?.line !== undefined, true);
  }
  for (const text of ['[]', '5', '"x"', 'null']) {
    const { problems: wrong } = problemsOf(text);
    assert.ok(wrong.length >= 1, text);
  }
});

test('problems that are found later get their place, too', () => {
  const text = rest('"record": { "key": ["id", "no"] }');
  const { locate } = readCollectionText(text, file);
  const [found] = locate([{ code: 'X', message: 'm', path: 'record.key.1' }]);
  assert.ok(found);
  assert.equal(textAt(text, found), '"no"');
  const [missing] = locate([{ code: 'X', message: 'm', path: 'source.fields.title' }]);
  assert.ok(missing);
  assert.equal(textAt(text, missing), '"source"');
  const [whole] = locate([{ code: 'X', message: 'm', path: '' }]);
  assert.deepEqual([whole?.line, whole?.column], [1, 1]);
});

test('a byte order mark, Windows line ends and tabs do not move places', () => {
  const text = '{\r\n\t"name": "x",\r\n\t"sorce": {}\r\n}';
  const { problems } = problemsOf(text);
  const problem = problems.find((p) => p.path === 'sorce');
  assert.deepEqual([problem?.line, problem?.column], [3, 2]);
});

test('keys that every object inherits are keys like others', () => {
  const text =
    '{ "name": "x", "source": { "type": "html", "fields": { "constructor": "h1", "toString": "h2" } } }';
  const { collection } = readCollectionText(text, file);
  const { fields } = collection.source as Extract<Collection['source'], { type: 'html' }>;
  assert.deepEqual(Object.keys(fields), ['constructor', 'toString']);
  const { problems } = problemsOf(rest('"constructor": {}'));
  assert.equal(problems[0]?.path, 'constructor');
});

test('the JSON Schema for the editor asks for what has no default only', () => {
  const schema = collectionJsonSchema() as { required: string[]; properties: object };
  assert.deepEqual(schema.required, ['name', 'source']);
  assert.ok('limits' in schema.properties);
});
