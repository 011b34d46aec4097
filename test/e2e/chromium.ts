import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContext } from 'playwright-core'

const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'microsoft-edge']

const MAC_APPS = ['Chromium', 'Google Chrome', 'Google Chrome Canary', 'Microsoft Edge']

const WINDOWS_PROGRAMS = ['Google/Chrome/Application/chrome.exe', 'Chromium/Application/chrome.exe']

function* places(): Generator<string> {
  const { env } = process
  if (process.platform === 'win32')
    for (const folder of [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA])
      if (folder) for (const program of WINDOWS_PROGRAMS) yield join(folder, program)
  if (process.platform === 'darwin')
    for (const folder of ['/Applications', join(env.HOME ?? '', 'Applications')])
      for (const app of MAC_APPS) yield join(folder, `${app}.app/Contents/MacOS/${app}`)
  if (process.platform === 'linux')
    for (const folder of new Set([...(env.PATH ?? '').split(delimiter), '/usr/bin', '/snap/bin']))
      for (const command of COMMANDS) if (folder) yield join(folder, command)
  // Where `npx playwright-core install chromium` puts it.
  yield chromium.executablePath()
}

export const HOW_TO_GET_CHROMIUM =
  'Install Chromium or Google Chrome (Debian: apt-get install chromium; anywhere: npx playwright-core install chromium), ' +
  'or set CHROMIUM_PATH to the executable.'

/** The executable of a Chromium on this machine. */
export function findChromium(): string | undefined {
  const named = process.env.CHROMIUM_PATH
  if (named) return existsSync(named) ? named : undefined
  for (const place of places()) if (existsSync(place)) return place
  return undefined
}

/** As {@link findChromium}, for tests that cannot do without: there is no skipping them. */
export function chromiumPath(): string {
  const path = findChromium()
  if (path) return path
  const named = process.env.CHROMIUM_PATH
  throw new Error(
    named
      ? `CHROMIUM_PATH "${named}" is no file. ${HOW_TO_GET_CHROMIUM}`
      : `The browser tests need a Chromium, and none was found. ${HOW_TO_GET_CHROMIUM}`,
  )
}

const ARGUMENTS = [
  // Containers rarely grant what the sandbox needs, and the pages here are our own.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A headless Chromium that talks to nobody but the pages it is given. The caller closes it. */
export function launchChromium(moreArguments: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), headless: true, args: [...ARGUMENTS, ...moreArguments] })
}

/** Debian's Chromium blocks third-party cookies, and every private window does; most users' browsers do not. */
const PREFERENCES = { profile: { block_third_party_cookies: false, cookie_controls_mode: 0 } }

/** The same with a profile, as most users have it. Any certificate will do. The caller closes it. */
export async function launchProfile(moreArguments: readonly string[] = []): Promise<BrowserContext> {
  const folder = mkdtempSync(join(tmpdir(), 'cors-dev-profile-'))
  mkdirSync(join(folder, 'Default'))
  writeFileSync(join(folder, 'Default', 'Preferences'), JSON.stringify(PREFERENCES))
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: chromiumPath(),
    headless: true,
    ignoreHTTPSErrors: true,
    args: [...ARGUMENTS, ...moreArguments],
  })
  context.on('close', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return context
}
