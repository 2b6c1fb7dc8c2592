// The table "Rooms and who may enter them" of ARCHITECTURE.md as rules: `npm run layers`.

/**
 * Each room: what it may import, and what it may import as types only. Everything else is
 * forbidden. @type {Record<string, { imports: string[], types?: string[] }>}
 */
const rooms = {
  'src/core/': { imports: [] },
  'src/dedup/': { imports: ['src/core/'] },
  'src/storage/': { imports: ['src/core/', 'src/dedup/'] },
  // A source that runs elsewhere is spoken to by the one RPC.
  'src/sources/': { imports: ['src/core/', 'src/protocol/'] },
  'src/engine/': { imports: ['src/core/', 'src/dedup/', 'src/storage/', 'src/sources/'] },
  // Every room may end a switch with `assertNever`.
  'src/protocol/': {
    imports: ['src/core/assert.ts', 'src/core/customSource/'],
    types: ['src/core/'],
  },
  'src/serve/': { imports: ['src/core/', 'src/engine/'] },
  'src/worker/': { imports: coreToServe() },
  'src/cli/': { imports: coreToServe() },
  'src/host/': {
    imports: ['src/core/', 'src/protocol/', 'src/contributions.ts'],
    types: ['src/'],
  },
  'src/extension.ts': { imports: ['src/host/'] },
  'src/contributions.ts': { imports: [], types: ['src/core/'] },
  'webview/': { imports: ['src/core/', 'src/protocol/'] },
};

function coreToServe() {
  return ['core', 'dedup', 'storage', 'sources', 'engine', 'protocol', 'serve'].map(
    (room) => `src/${room}/`,
  );
}

/** Which rooms may use an npm package or a module of Node. */
const doors = [
  {
    name: 'vscode-only-in-host',
    comment: 'Only src/host and src/extension.ts run inside VS Code.',
    module: ['vscode'],
    rooms: ['src/host/', 'src/extension.ts', 'test/host/', 'test/bench/'],
  },
  {
    name: 'undici-only-in-sources',
    comment: 'Only src/sources calls out.',
    module: ['undici'],
    rooms: ['src/sources/', 'test/'],
  },
  {
    name: 'files-only-in-storage',
    comment:
      'Only src/storage opens session files; the edges and sources may read what a person names, and what is installed.',
    module: ['fs'],
    rooms: [
      'src/storage/',
      'src/sources/browser/',
      'src/sources/files/',
      'src/sources/module/',
      'src/cli/',
      'src/serve/',
      'src/host/',
      'test/',
      '.ci/',
    ],
  },
  {
    name: 'sqlite-only-in-storage-and-dedup',
    comment:
      'SQLite holds the index, the lock and the exact table, all of them files of a session.',
    module: ['sqlite'],
    rooms: ['src/storage/', 'src/dedup/', 'test/'],
  },
  {
    name: 'no-io-in-core',
    comment: 'src/core is pure: time, chance, logs and secrets come in through its ports.',
    module: [
      'child_process',
      'dgram',
      'dns',
      'http',
      'http2',
      'https',
      'net',
      'tls',
      'worker_threads',
    ],
    rooms: ['src/(?!core/)', 'webview/', 'test/', '.ci/'],
  },
];

/** @param {string[]} places */
const anyOf = (places) => `^(${places.map((place) => place.replaceAll('.', '\\.')).join('|')})`;

const roomRules = Object.entries(rooms).flatMap(([room, { imports, types = [] }]) => [
  {
    name: `${room} may not enter there`,
    severity: 'error',
    from: { path: anyOf([room]) },
    to: { path: '^(src|webview|test|\\.ci)/', pathNot: anyOf([room, ...imports, ...types]) },
  },
  ...types.map((place) => ({
    name: `${room} may enter there with types only`,
    severity: 'error',
    from: { path: anyOf([room]) },
    to: {
      path: anyOf([place]),
      pathNot: anyOf([room, ...imports]),
      dependencyTypesNot: ['type-only'],
    },
  })),
]);

const doorRules = doors.map(({ name, comment, module, rooms: allowed }) => ({
  name,
  comment,
  severity: 'error',
  from: { pathNot: `^(${allowed.map((place) => place.replaceAll('.ts', '\\.ts')).join('|')})` },
  // A module of Node by its name, a package by the file that the import resolves to.
  to: {
    path: module.flatMap((id) => [
      `^(node:)?${id}$`,
      `^(node:)?${id}/`,
      `node_modules/${id}/`,
      `node_modules/@types/${id}/`,
    ]),
  },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...roomRules,
    ...doorRules,
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that leads nowhere is checked by no other rule.',
      severity: 'error',
      from: {},
      // `cf-collector/source` is only there for a person's module, where it runs.
      to: { couldNotResolve: true, pathNot: '^(vscode|cf-collector/source)$' },
    },
    {
      name: 'no-development-packages-in-the-product',
      severity: 'error',
      from: { path: '^(src|webview)/' },
      to: { dependencyTypes: ['npm-dev'], pathNot: 'node_modules/@types/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|out)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    detectProcessBuiltinModuleCalls: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
