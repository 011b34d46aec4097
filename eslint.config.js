// @ts-check
import { defineConfig, globalIgnores } from 'eslint/config'
import { createNodeResolver, importX } from 'eslint-plugin-import-x'
import tseslint from 'typescript-eslint'

/**
 * The rooms of src/, upper ones first: a room imports only from itself and from rooms above it, types too.
 * Pure rooms run anywhere, so they touch neither Node nor the DOM; Node rooms and browser rooms never meet.
 *
 * @type {readonly { name: string, runs: 'anywhere' | 'node' | 'browser' }[]}
 */
export const ROOMS = [
  { name: 'standard', runs: 'anywhere' },
  { name: 'options', runs: 'anywhere' },
  { name: 'targets', runs: 'anywhere' },
  { name: 'routes', runs: 'anywhere' },
  { name: 'cors', runs: 'anywhere' },
  { name: 'exchange', runs: 'anywhere' },
  { name: 'explain', runs: 'anywhere' },
  { name: 'export', runs: 'anywhere' },
  { name: 'proxy', runs: 'node' },
  { name: 'dashboard', runs: 'node' },
  { name: 'client', runs: 'browser' },
  { name: 'plugin', runs: 'node' },
  { name: 'cli', runs: 'node' },
]

/** Entries that must load without Node: what they may use beside the pure rooms. */
const PORTABLE_ENTRIES = [
  { name: 'client', rooms: ['client'] },
  { name: 'explain', rooms: [] },
  { name: 'export', rooms: [] },
]

/** The way up belongs to one room. */
const TRANSPORT = { room: 'proxy', packages: ['http-proxy-middleware', 'undici'] }

/** @param {'anywhere' | 'node' | 'browser'} world */
const roomsFor = (world) => ROOMS.filter(({ runs }) => runs === world).map(({ name }) => name)

/** @param {string} room */
const filesOf = (room) => `src/${room}/**/*.ts`

/** @param {number} index */
function roomsOpenTo(index) {
  const { runs } = /** @type {(typeof ROOMS)[number]} */ (ROOMS[index])
  const shut = runs === 'anywhere' ? [] : roomsFor(runs === 'node' ? 'browser' : 'node')
  return ROOMS.slice(0, index + 1)
    .map(({ name }) => name)
    .filter((name) => !shut.includes(name))
}

const roomZones = ROOMS.map(({ name }, index) => ({
  target: `src/${name}`,
  from: 'src',
  except: roomsOpenTo(index).map((room) => `./${room}`),
  message: `src/${name} may import from ${roomsOpenTo(index).join(', ')}: imports point up the list of rooms, types too.`,
}))

const entryZones = [
  {
    target: 'src/*.ts',
    from: 'src/*.ts',
    message: 'A file directly in src/ is a package entry, and nothing imports an entry.',
  },
  ...PORTABLE_ENTRIES.map(({ name, rooms }) => ({
    target: `src/${name}.ts`,
    from: 'src',
    except: [...roomsFor('anywhere'), ...rooms].map((room) => `./${room}`),
    message: `src/${name}.ts must load without Node.`,
  })),
]

const NODE_GLOBALS = ['process', 'Buffer', 'global', 'require', 'module', '__dirname', '__filename', 'setImmediate']
const DOM_GLOBALS = [
  ...['window', 'self', 'document', 'location', 'navigator', 'history', 'localStorage', 'sessionStorage', 'indexedDB'],
  ...['XMLHttpRequest', 'EventSource', 'WebSocket', 'Worker', 'SharedWorker', 'FileReader', 'FontFace', 'Image'],
  ...['Document', 'Element', 'HTMLElement', 'Node', 'Window', 'WorkerGlobalScope', 'ServiceWorker', 'importScripts'],
  ...['requestAnimationFrame', 'addEventListener', 'removeEventListener', 'postMessage'],
]
/** Found in both worlds; pure code is given them, or what they would tell, as arguments. */
const AMBIENT_GLOBALS = ['console', 'fetch', 'setTimeout', 'setInterval', 'performance']

/** @param {readonly string[]} names @param {string} message @returns {import('eslint').Linter.RuleEntry} */
const restrictGlobals = (names, message) => ['error', ...names.map((name) => ({ name, message }))]

/** @param {string[]} packages @param {{ typesToo: boolean }} how @returns {import('eslint').Linter.RulesRecord} */
function banPackages(packages, { typesToo }) {
  const message = `Only src/${TRANSPORT.room} talks to upstreams.`
  return {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      { patterns: packages.map((name) => ({ group: [name, `${name}/*`], allowTypeImports: !typesToo, message })) },
    ],
    // The rule above does not read import().
    'no-restricted-syntax': [
      'error',
      { selector: `ImportExpression > Literal[value=/^(${packages.join('|')})/]`, message },
    ],
  }
}

export default defineConfig(
  globalIgnores(['**/dist', '**/.cache', 'test/.tmp', 'bench/results']),
  {
    files: ['**/*.ts', '**/*.js'],
    extends: [tseslint.configs.strict],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      // Headers are plain objects keyed by lower-case names; dropping one is what a proxy does.
      '@typescript-eslint/no-dynamic-delete': 'off',
      // import('…').Type would slip past the import rules; the other form reads better anyway.
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      // `for (const [, value] of …)` and a handler's unused parameters say more with their names.
      '@typescript-eslint/no-unused-vars': [
        'error',
        { args: 'after-used', argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
    },
  },
  {
    files: ['**/*.ts'],
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  { files: ['**/*.js'], extends: [tseslint.configs.disableTypeChecked] },

  {
    files: ['src/**/*.ts'],
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts'] })],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      'import-x/extensions': ['.ts'],
    },
    rules: {
      'import-x/no-restricted-paths': [
        'error',
        { basePath: import.meta.dirname, zones: [...roomZones, ...entryZones] },
      ],
      'import-x/no-cycle': 'error',
      ...banPackages(TRANSPORT.packages, { typesToo: true }),
    },
  },
  {
    files: [filesOf(TRANSPORT.room)],
    rules: { '@typescript-eslint/no-restricted-imports': 'off', 'no-restricted-syntax': 'off' },
  },
  {
    // The public options are typed by what http-proxy-middleware takes. At run time nothing of it is loaded.
    files: ['src/options/types.ts'],
    rules: banPackages(TRANSPORT.packages, { typesToo: false }),
  },
  {
    files: roomsFor('anywhere').map(filesOf),
    rules: {
      'import-x/no-nodejs-modules': 'error',
      'no-restricted-globals': restrictGlobals(
        [...NODE_GLOBALS, ...DOM_GLOBALS, ...AMBIENT_GLOBALS],
        'Pure rooms run anywhere: what they need of Node, the DOM or the clock comes in as an argument.',
      ),
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Time comes in as an argument.' },
        { object: 'Math', property: 'random', message: 'Chance comes in as an argument.' },
      ],
    },
  },
  {
    // Its list of networks only computes.
    files: ['src/targets/address.ts'],
    rules: { 'import-x/no-nodejs-modules': ['error', { allow: ['node:net'] }] },
  },
  {
    files: [...roomsFor('browser').map(filesOf), 'src/client.ts'],
    rules: {
      'import-x/no-nodejs-modules': 'error',
      'no-restricted-globals': restrictGlobals(NODE_GLOBALS, 'This runs in the page: there is no Node.'),
      // The page's console is where the runtime speaks to the developer.
      'no-console': 'off',
    },
  },
  { files: ['test/**', 'bench/**', 'playground/**'], rules: { 'no-console': 'off' } },
  // A test that trips over a missing value fails, as it should.
  { files: ['test/**'], rules: { '@typescript-eslint/no-non-null-assertion': 'off' } },
)
