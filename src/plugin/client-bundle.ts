import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

let bundle: string | undefined

/**
 * The runtime as one classic script, as the build left it beside this package's own files. From source it is found in
 * `dist` as well, where the tests' set-up builds it.
 */
export function readClientBundle(): string {
  return (bundle ??= readFirst(['./client.iife.js', '../dist/client.iife.js', '../../dist/client.iife.js']))
}

function readFirst(places: readonly string[]): string {
  for (const place of places) {
    try {
      return readFileSync(fileURLToPath(new URL(place, import.meta.url)), 'utf8')
    } catch {
      // Next place.
    }
  }
  throw new Error('[cors-dev] client.iife.js is missing: the package is not built. Run its build.')
}
