import { defineConfig } from 'tsup'
import { CLIENT_GLOBAL } from './src/exchange/client-script'

/** Of the runtime's objects, to each other: it reads no property of these names from the platform or the dev server. */
const OWN_NAMES =
  /^(?:after|ask|askNow|classConstructor|devPrefix|explainFailure|getter|init|installIn|isAsync|known|led|onArrival|later|now|override|patcher|relay|relayed|scope|shown|state|targetOf|toDevUrl|toUpstreamUrl|undo|urls)$/

export default defineConfig([
  {
    name: 'node',
    // Code splitting keeps one copy of what the entries share, and the proxy in a file of its own: it is loaded when a
    // dev server listens, and never for a build.
    entry: ['src/index.ts', 'src/vite.ts', 'src/webpack.ts', 'src/rspack.ts', 'src/middleware.ts'],
    format: 'esm',
    platform: 'node',
    target: 'node22',
    splitting: true,
    removeNodeProtocol: false,
    dts: true,
    outDir: 'dist',
  },
  {
    // For itself: what it shares with the plugin would lie in a dozen small files, and a dev server's start would take
    // some milliseconds more to load them.
    name: 'cli',
    entry: ['src/cli.ts'],
    format: 'esm',
    platform: 'node',
    target: 'node22',
    splitting: true,
    removeNodeProtocol: false,
    dts: false,
    outDir: 'dist',
  },
  {
    // Runs anywhere, so it is one file that leans on nothing.
    name: 'explain',
    entry: ['src/explain.ts'],
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    dts: true,
    outDir: 'dist',
  },
  {
    name: 'client',
    entry: ['src/client.ts'],
    format: 'esm',
    platform: 'browser',
    target: 'es2020',
    dts: true,
    outDir: 'dist',
  },
  {
    // What dev servers put into the page. It runs before all else, also where the page has no modules, and every byte of
    // it is loaded with every page: terser makes a tenth less of it than esbuild.
    name: 'client script',
    entry: { client: 'src/client/script.ts', 'service-worker': 'src/client/service-worker-script.ts' },
    format: 'iife',
    banner: { js: `var ${CLIENT_GLOBAL}={};` },
    platform: 'browser',
    target: 'es2022',
    minify: 'terser',
    terserOptions: {
      ecma: 2020,
      compress: { passes: 4, unsafe_arrows: true, sequences: false },
      mangle: { reserved: [CLIENT_GLOBAL], properties: { builtins: true, regex: OWN_NAMES } },
    },
    esbuildOptions(options) {
      options.minifySyntax = true
    },
    outDir: 'dist',
    outExtension: () => ({ js: '.iife.js' }),
  },
])
