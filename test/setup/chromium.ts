/**
 * Sees to it that the browser tests have a Chromium: finds one, or installs one, or ends the run and says how to get
 * one. Run by `npm test` before anything slow.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { chromiumPath, findChromium } from '../e2e/chromium.ts'

function run(command: string, ...words: string[]): boolean {
  console.log(`$ ${[command, ...words].join(' ')}`)
  const { status } = spawnSync(command, words, { stdio: ['ignore', 'inherit', 'inherit'], timeout: 600_000 })
  return status === 0
}

/** Ubuntu's package of that name is a snap in disguise, so only Debian is helped this way. */
function installFromDebian(): void {
  if (!existsSync('/etc/debian_version') || existsSync('/etc/lsb-release')) return
  const isRoot = process.getuid?.() === 0
  const apt = (...words: string[]) =>
    isRoot ? run('apt-get', ...words) : run('sudo', '-n', 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...words)
  process.env.DEBIAN_FRONTEND = 'noninteractive'
  apt('update')
  apt('install', '-y', '--no-install-recommends', 'chromium')
}

function installFromPlaywright(): void {
  const cli = join(dirname(createRequire(import.meta.url).resolve('playwright-core/package.json')), 'cli.js')
  run(process.execPath, cli, 'install', '--no-shell', 'chromium')
}

if (!process.env.CHROMIUM_PATH && !findChromium()) installFromDebian()
if (!process.env.CHROMIUM_PATH && !findChromium()) installFromPlaywright()

try {
  console.log(`Browser tests run in ${chromiumPath()}`)
} catch (error) {
  console.error((error as Error).message)
  process.exit(1)
}
