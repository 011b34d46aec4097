import { install, PATCHES } from './install'
import { patchCache } from './cache'
import { patchServiceWorker } from './service-worker'

declare const __corsDev: { install?: typeof install }

/** As `script.ts`, with what a service worker alone needs: pages don't have to load it. */
__corsDev.install = (config, devServer) =>
  install(config, devServer, globalThis, [...PATCHES, patchCache, patchServiceWorker])
