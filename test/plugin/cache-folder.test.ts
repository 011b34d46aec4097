import { rmSync, statSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { cacheFolder } from '../../src/plugin/cache-folder'

it('is one for a project, outside of it, and named after it', () => {
  const folder = cacheFolder('/home/me/shop', { XDG_CACHE_HOME: '/var/cache/me' })
  expect(folder).toMatch(/^\/var\/cache\/me\/unplugin-cors-dev\/shop-[0-9a-f]{12}$/)
  expect(cacheFolder('/home/me/shop', { XDG_CACHE_HOME: '/var/cache/me' })).toBe(folder)
  expect(cacheFolder('/home/you/shop', { XDG_CACHE_HOME: '/var/cache/me' })).not.toBe(folder)
})

it('lies in the home of the developer where nothing else is said, or something that is no place', () => {
  for (const env of [{}, { XDG_CACHE_HOME: '' }, { XDG_CACHE_HOME: 'node_modules/.cache' }]) {
    expect(cacheFolder('/srv/shop', env).startsWith(join(homedir(), '/'))).toBe(true)
    expect(cacheFolder('/srv/shop', env)).not.toContain('/srv/shop')
  }
})

it('is made up and closed to others where there is no home', () => {
  vi.stubEnv('HOME', 'nowhere')
  try {
    const folder = cacheFolder('/srv/shop', {})
    expect(dirname(folder)).toBe(tmpdir())
    expect(statSync(folder).mode & 0o077).toBe(0)
    rmSync(folder, { recursive: true })
  } finally {
    vi.unstubAllEnvs()
  }
})
