import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { CLASSIC_SCRIPT_BASE, CLIENT_GLOBAL, clientScript, MODULE_BASE } from '../../src/exchange/client-script'
import type { ClientConfig } from '../../src/exchange/wire'

const bundle = `"use strict";var ${CLIENT_GLOBAL}=(()=>({install(...args){report(args)}}))();\n//# sourceMappingURL=client.js.map\n`
const config = (text: string): ClientConfig => ({ prefix: `/${text}/__cors-dev/`, relays: {}, decisions: {} })

function run(script: string, globals: object): unknown[] {
  let reported: unknown[] = []
  const context = { ...globals, report: (args: unknown[]) => (reported = args) }
  const names = Object.keys(context)
  runInNewContext(script, context)
  expect(Object.keys(context)).toEqual(names)
  return JSON.parse(JSON.stringify(reported)) as unknown[]
}

it('installs with the configuration and leaves no name behind', () => {
  const script = clientScript(bundle, config('a'), '"http://localhost"')
  expect(run(script, {})).toEqual([config('a'), 'http://localhost'])
})

it('survives behind code that ends without a semicolon, and before any', () => {
  const script = clientScript(bundle, config('a'), '1')
  expect(run(`before = report\n${script}(0)`, { before: 0 })).toHaveLength(2)
})

it.each(['</script><script>', '<!--', '\u2028\u2029', '\\u003c"\'`${}'])(
  'embeds %j without ending the script',
  (text) => {
    const script = clientScript(bundle, config(text), '1')
    expect(script).not.toMatch(/<\/script|<!--|\u2028|\u2029|sourceMappingURL/i)
    expect(run(script, {})[0]).toEqual(config(text))
  },
)

it('disarms what would end the script in the bundle itself', () => {
  const script = clientScript(`var ${CLIENT_GLOBAL}={install(){report(["</SCRIPT>"])}}`, config('a'), '1')
  expect(script).not.toMatch(/<\/script/i)
  expect(run(script, {})).toEqual(['</SCRIPT>'])
})

it.each([
  [
    'a classic script',
    { document: { currentScript: { src: 'http://dev/c.js' } }, location: { href: 'http://page/' } },
    'http://dev/c.js',
  ],
  [
    'an inline script',
    { document: { currentScript: { src: '' } }, location: { href: 'http://page/' } },
    'http://page/',
  ],
  ['code that runs later', { document: { currentScript: null }, location: { href: 'http://page/' } }, 'http://page/'],
  ['a worker', { location: { href: 'http://dev/worker.js' } }, 'http://dev/worker.js'],
])('knows where %s came from', (_name, globals, base) => {
  expect(run(clientScript(bundle, config('a'), CLASSIC_SCRIPT_BASE), globals)[1]).toBe(base)
})

it('leaves it to a module to say where it came from', () => {
  expect(clientScript(bundle, config('a'), MODULE_BASE)).toContain(',import.meta.url)')
})
