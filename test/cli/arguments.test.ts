import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from './command'

const URL_GIVEN = 'http://127.0.0.1:9/'

/** What is wrong, one line for each mistake. */
async function mistakes(...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await runCommand(args)
  expect(code).toBe(2)
  expect(stdout).toBe('')
  return stderr.split('\n').filter((line) => line.startsWith('[cors-dev] '))
}

describe('the command', () => {
  it('says what it offers', async () => {
    const { code, stdout } = await runCommand(['--help'])
    expect(code).toBe(0)
    for (const usage of ['[serve] [folder]', 'proxy <url>', 'check <url>']) expect(stdout).toContain(usage)
  })

  it('says its version', async () => {
    const { code, stdout } = await runCommand(['--version'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it.each([
    [['chekc'], 'Write unplugin-cors-dev check.'],
    [['https://api.example.com/'], 'Write unplugin-cors-dev proxy <url>, or unplugin-cors-dev check <url>.'],
  ])('%j is refused, and what to write is said', async (args, said) => {
    const lines = await mistakes(...args)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(said)
  })
})

describe('check', () => {
  it('describes each of its options', async () => {
    const { code, stdout } = await runCommand(['check', '--help'])
    expect(code).toBe(0)
    for (const name of 'origin method header credentials mode data send insecure timeout json help'.split(' '))
      expect(stdout).toMatch(new RegExp(`--${name}\\b.*\\w{3}`))
  })

  it('names every mistake at once, each with what to write instead', async () => {
    const lines = await mistakes(
      ...['check', 'localhost:3000/users', 'more', '--orgin=http://localhost:1', '--method', 'P T', '--json=yes'],
      ...['--header', 'X-A', '--mode', 'nocors', '--timeout', 'soon', '--data', 'x'],
    )
    expect(lines).toHaveLength(9)
    for (const line of lines) expect(line).toMatch(/^\[cors-dev\] .+: .+\. .+\.$/)
    const all = lines.join('\n')
    expect(all).toContain('Write "http://localhost:3000/users".')
    expect(all).toContain('Did you mean --origin?')
    expect(all).toContain('Write --mode no-cors.')
  })

  it.each([
    ['https://app.example.com/', 'Write --origin https://app.example.com.'],
    ['https://APP.example.com:443', 'Write --origin https://app.example.com.'],
    ['app.example.com', 'Write --origin http://app.example.com.'],
    ['*', 'a page has exactly one'],
    ['file:///tmp', 'it starts with http:// or https://'],
  ])('--origin %j is refused', async (origin, said) => {
    expect(await mistakes('check', URL_GIVEN, '--origin', origin)).toEqual([expect.stringContaining(said)])
  })

  it.each([
    ['wss://api.example.com/', 'Write "https://api.example.com/"'],
    ['ftp://api.example.com/', 'neither http nor https'],
    ['//api.example.com/users', 'Write "https://api.example.com/users"'],
    ['http://0.0.0.0:3000/', 'Write "http://localhost:3000/"'],
    ['http://', 'it does not parse'],
  ])('the URL %j is refused', async (url, said) => {
    expect(await mistakes('check', url)).toEqual([expect.stringContaining(said)])
  })

  it('takes no option for the value of another', async () => {
    expect(await mistakes('check', URL_GIVEN, '--origin', '--json')).toEqual([
      expect.stringContaining('--origin has no value'),
    ])
  })

  it('takes an option that counts once only once', async () => {
    expect(await mistakes('check', URL_GIVEN, '--method', 'PUT', '-X', 'POST')).toEqual([
      expect.stringContaining('is given twice'),
    ])
  })

  it.each([
    [['--header', 'X A: 1'], 'no name of a header'],
    [['--header', 'X-A: a\nb'], 'line breaks'],
    [['--header', 'X-A: €'], 'beyond U+00FF'],
    [['--header', 'Origin: https://app.example.com'], 'Write --origin https://app.example.com.'],
    [['--mode', 'no-cors', '--method', 'PUT'], 'fetch() refuses it'],
    [['--timeout', '0'], 'it counts seconds'],
    [['--timeout', '601'], 'it counts seconds'],
  ])('%j is refused', async (args, said) => {
    expect(await mistakes('check', URL_GIVEN, ...args)).toEqual([expect.stringContaining(said)])
  })

  it('repeats neither a secret header nor a password', async () => {
    const { stderr } = await runCommand(['check', '//me:hunter2@api.example.com', '-H', 'Authorization Bearer hunter2'])
    expect(stderr).toContain('[cors-dev]')
    expect(stderr).not.toContain('hunter2')
  })
})

describe('serve', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cors-dev-arguments-'))
    mkdirSync(join(folder, 'check'))
    mkdirSync(join(folder, 'project'))
    writeFileSync(join(folder, 'project/vite.config.ts'), '')
    writeFileSync(join(folder, 'page.html'), '')
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each([[['serve', '--help']], [['.', '--help']]])('%j describes each of its options', async (args) => {
    const { code, stdout } = await runCommand(args)
    expect(code).toBe(0)
    for (const name of ['port', 'host', 'open', 'help']) expect(stdout).toMatch(new RegExp(`--${name}\\b.*\\w{3}`))
  })

  it.each([
    [['nowhere-near'], '<folder> "nowhere-near" does not exist'],
    [['page.html'], 'Write ".", and open /page.html there.'],
    [['./check'], 'has no page'],
    [['project'], "import corsDev from 'unplugin-cors-dev/vite'"],
    [['.', 'more'], 'is one too many'],
    [['.', '--host', '0.0.0.0'], 'Write --host=0.0.0.0.'],
    [['.', '--prot', '3000'], 'Did you mean --port?'],
    [['.', '--port', '65536'], 'is no port'],
    [['.', '--port=-1'], 'is no port'],
    [['.', '--open=yes'], 'it stands alone'],
  ])('%j is refused', async (args, said) => {
    const { code, stdout, stderr } = await runCommand(args, {}, { cwd: folder })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(said)
    expect(stderr).toMatch(/^\[cors-dev\] .+: .+\. .+\.$/m)
  })

  it('is not meant by the name of a command, whatever folders there are', async () => {
    const { code, stderr } = await runCommand(['check'], {}, { cwd: folder })
    expect(code).toBe(2)
    expect(stderr).toContain('[cors-dev] <url> is missing')
  })
})

describe('proxy', () => {
  it('describes each of its options', async () => {
    const { code, stdout } = await runCommand(['proxy', '--help'])
    expect(code).toBe(0)
    for (const name of 'port host origin proxyPartial productionOrigin insecure proxyUrl credentials help'.split(' '))
      expect(stdout).toMatch(new RegExp(`--${name}\\b.*\\w{3}`))
  })

  it('names every mistake at once', async () => {
    const lines = await mistakes(
      ...['proxy', 'localhost:4000', '--origin', '*', '--origin', 'http://localhost:4200/', '--port', 'x'],
      ...['--proxyPartial', 'a b', '--productionOrigin', 'app.test', '--creds'],
    )
    expect(lines).toHaveLength(7)
    const all = lines.join('\n')
    expect(all).toContain('<url> "localhost:4000" is not an absolute URL')
    expect(all).toContain('--origin "*" is not an origin')
    expect(all).toContain('Write "http://localhost:4200".')
    expect(all).toContain('--port "x" is no port')
    expect(all).toContain('--proxyPartial can never match')
    expect(all).toContain('--productionOrigin "app.test" is not an origin')
    expect(all).toContain('--creds is no known option')
  })

  it.each([
    [[], '<url> is missing'],
    [['https://a.test', '--proxyUrl', 'https://b.test'], 'is one too many'],
    [['https://me:secret@a.test'], '<url> "https://***@a.test"'],
    [['ftp://a.test'], '<url> "ftp://a.test" is no target'],
    [['https://a.test', '--proxyUrl', ''], '--proxyUrl has no value'],
    [['https://a.test', '--origin', 'null'], '--origin "null" stands for every opaque origin'],
    [['https://a.test', '--proxyPartial', '__cors-dev'], 'is reserved'],
  ])('%j is refused', async (args, said) => {
    expect((await mistakes('proxy', ...args)).join('\n')).toContain(said)
  })
})
