import { expect, test } from 'vitest'
import { buildProject } from '../e2e/hosts'

test.each(['vite', 'vite-7', 'webpack-cli', 'rspack-cli'] as const)(
  'a production build of %s contains no trace, and mistakes in the options do not break it',
  async (kind) => {
    const files = {
      'src/main.js': "new Worker(new URL('./worker.js', import.meta.url)); document.body.textContent = 'built page'",
      'src/worker.js': "self.postMessage('built worker')",
    }
    const built = await buildProject(kind, { files, options: { targets: { '/api': 'https://api.example.com' } } })
    const text = Object.entries(built).flat().join('\n')
    expect(text).toContain('built page')
    expect(text).toContain('built worker')
    expect(text).not.toMatch(/cors-?dev/i)
    expect(text).not.toContain('api.example.com')

    const withMistake = await buildProject(kind, { files, options: '{ targets: ["nowhere"] }' })
    expect(withMistake).toEqual(await buildProject(kind, { files, plain: true }))
  },
)
