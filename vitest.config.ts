import { join } from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'

/** Tests that start hosts and browsers: each fills a small machine by itself. */
const WHOLE_HOSTS = [
  'attacks',
  'client',
  'clients',
  'e2e',
  'explain/oracle/live',
  'faults',
  'fuzz',
  'package',
  'plugin',
  'soak',
].map((folder) => `test/${folder}/**/*.test.ts`)

const NEVER = [...configDefaults.exclude, 'test/.tmp/**']

export default defineConfig({
  test: {
    globalSetup: ['test/setup/build.ts'],
    // Logins of test projects have no place among the developer's own.
    env: { XDG_CACHE_HOME: join(import.meta.dirname, 'test', '.tmp', `cache-${process.pid}`) },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What is waited for comes, however busy the machine is.
    expect: { poll: { timeout: 20_000 } },
    // The plain counts at the end of .ci/run are taken from the file.
    reporters: process.env.CI ? ['default', 'json'] : ['default'],
    outputFile: { json: '.cache/test-results.json' },
    projects: [
      {
        extends: true,
        test: {
          name: 'rooms',
          include: ['test/**/*.test.ts'],
          exclude: [...NEVER, ...WHOLE_HOSTS],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'hosts',
          include: WHOLE_HOSTS,
          exclude: NEVER,
          maxWorkers: 2,
          testTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
