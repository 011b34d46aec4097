/** A Vite dev server as a developer has it, whatever its configuration. */
import basicSsl from '@vitejs/plugin-basic-ssl'
import type { AddressInfo } from 'node:net'
import { createServer, type Plugin, type ServerOptions } from 'vite'
import type { ContestantSettings } from '../contestants.ts'

export async function startVite(
  { root, https }: ContestantSettings,
  { plugins = [], server = {} }: { plugins?: Plugin[]; server?: ServerOptions },
): Promise<{ port: number }> {
  const vite = await createServer({
    configFile: false,
    root,
    clearScreen: false,
    plugins: [...(https ? [basicSsl()] : []), ...plugins],
    server: { host: '127.0.0.1', port: 0, ...server },
  })
  await vite.listen()
  vite.printUrls()
  return { port: (vite.httpServer?.address() as AddressInfo).port }
}
