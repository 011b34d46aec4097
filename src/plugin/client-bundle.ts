import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const bundles = new Map<string, string>()

/**
 * The runtime as one classic script, as the build left it beside this package's own files. From source it is found in
 * `dist` as well, where the tests' set-up builds it.
 */
export function readClientBundle(name: 'client' | 'service-worker' = 'client'): string {
  const bundle = bundles.get(name) ?? readFirst(['./', '../dist/', '../../dist/'].map((at) => `${at}${name}.iife.js`))
  bundles.set(name, bundle)
  return bundle
}

function readFirst(places: readonly string[]): string {
  for (const place of places) {
    try {
      return readFileSync(fileURLToPath(new URL(place, import.meta.url)), 'utf8')
    } catch {
      // Next place.
    }
  }
  throw new Error('[cors-dev] the runtime is missing: the package is not built. Run its build.')
}
