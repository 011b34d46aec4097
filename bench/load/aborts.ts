import { openMany, type WaveSettings } from './wave.ts'

/** So many at a time: a download that nobody reads holds buffers in the kernel. */
const BATCH = 100

/** Begins downloads that have no end, waits until each has begun, and goes away. */
export async function abortDownloads(settings: WaveSettings): Promise<void> {
  for (let begun = 0; begun < settings.count; begun += BATCH) {
    const sockets = await openMany(settings, BATCH)
    await Promise.all(
      sockets.map((socket) => {
        return new Promise<void>((resolve, reject) => {
          socket.once('data', () => {
            socket.pause()
            resolve()
          })
          socket.once('close', () => reject(new Error('the download ended by itself')))
          socket.write(settings.request, 'latin1')
        })
      }),
    )
    for (const socket of sockets) socket.destroy()
  }
}
