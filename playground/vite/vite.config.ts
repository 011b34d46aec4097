import { fileURLToPath } from 'node:url'
import corsDev from 'unplugin-cors-dev/vite'
import { defineConfig, loadEnv } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig(({ mode }) => {
  // `npm start` writes the addresses into an .env file of its own, since the APIs listen wherever a port is free.
  const envDir = process.env['PLAYGROUND_ENV_DIR'] ?? here('.')
  const env = loadEnv(mode, envDir, '')
  const address = (name: string) => env[name] ?? `${name} is not set`

  return {
    root: here('.'),
    envDir,
    resolve: { alias: { addresses: here('./addresses.js') } },
    plugins: [
      // The page that the switch calls "direct" is this one without the plugin.
      mode !== 'direct' &&
        corsDev({
          targets: {
            '/api': address('VITE_FILMS_URL'),
            '/archive': { url: address('ARCHIVE_URL'), stripPrefix: true },
            '/chat': address('VITE_CHAT_URL'),
            '/accounts': address('VITE_ACCOUNTS_URL'),
            '/uploads': address('VITE_UPLOADS_URL'),
            '/box-office': address('VITE_BOX_OFFICE_URL'),
          },
          // VITE_ANSWERS_URL is named nowhere: it is found in .env.
        }),
    ],
  }
})
