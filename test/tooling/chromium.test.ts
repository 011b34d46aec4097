import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { chromiumPath, findChromium } from '../e2e/chromium'

const missing = join(import.meta.dirname, 'no-such-chromium')

afterEach(() => vi.unstubAllEnvs())

it('finds a Chromium without being told where', () => {
  vi.stubEnv('CHROMIUM_PATH', undefined)
  expect(existsSync(chromiumPath())).toBe(true)
})

it('takes the one that CHROMIUM_PATH names', () => {
  vi.stubEnv('CHROMIUM_PATH', process.execPath)
  expect(chromiumPath()).toBe(process.execPath)
})

it('takes no other one where CHROMIUM_PATH is wrong, and says how to get one', () => {
  vi.stubEnv('CHROMIUM_PATH', missing)
  expect(findChromium()).toBeUndefined()
  expect(chromiumPath).toThrow(/CHROMIUM_PATH ".*no-such-chromium" is no file\. Install Chromium/)
})

it('ends the run before the tests where there is none', () => {
  const script = join(import.meta.dirname, '../setup/chromium.ts')
  const env = { ...process.env, CHROMIUM_PATH: missing }
  const { status, stderr } = spawnSync(process.execPath, [script], { env, encoding: 'utf8' })
  expect(status).toBe(1)
  expect(stderr).toContain('Install Chromium or Google Chrome')
})
