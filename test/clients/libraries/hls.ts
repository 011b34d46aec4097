import type * as HlsJs from 'hls.js'
import { expect } from 'vitest'
import type { Client } from '../client'

/** MPEG-1 Layer III, 128 kbit/s, 44.1 kHz: a header, and zeros, which are silence. */
const FRAME = Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0x00]), Buffer.alloc(413)])
const FRAMES_PER_SEGMENT = 77
const SEGMENT_SIZE = FRAMES_PER_SEGMENT * FRAME.length
const SEGMENTS = 3

export const client: Client<{ hls: typeof HlsJs }> = {
  imports: { hls: 'hls.js' },

  serve(server) {
    const audio = Buffer.concat(Array<Buffer>(FRAMES_PER_SEGMENT * SEGMENTS).fill(FRAME))
    const duration = ((FRAMES_PER_SEGMENT * 1152) / 44_100).toFixed(5)
    const segments = Array.from(
      { length: SEGMENTS },
      (_, index) => `#EXTINF:${duration},\n#EXT-X-BYTERANGE:${SEGMENT_SIZE}@${index * SEGMENT_SIZE}\naudio.mp3\n`,
    )
    const playlists: Record<string, string> = {
      '/live/master.m3u8':
        '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=128000,CODECS="mp4a.40.34"\naudio/index.m3u8?quality=1\n',
      '/live/audio/index.m3u8?quality=1': `#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:3\n${segments.join('')}#EXT-X-ENDLIST\n`,
    }
    const seen: string[] = []
    server.on('request', ({ url = '', headers }, response) => {
      seen.push([url, headers.range, headers['x-token']].filter(Boolean).join(' '))
      const playlist = playlists[url]
      if (playlist) return response.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl' }).end(playlist)
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? []
      const range = `bytes ${from}-${to}/${audio.length}`
      response.writeHead(206, { 'content-type': 'audio/mpeg', 'content-range': range })
      return response.end(audio.subarray(Number(from), Number(to) + 1))
    })
    return () =>
      expect(seen).toEqual([
        ...Object.keys(playlists).map((url) => `${url} secret`),
        ...segments.map((_, index) => {
          const from = index * SEGMENT_SIZE
          return `/live/audio/audio.mp3 bytes=${from}-${from + SEGMENT_SIZE - 1} secret`
        }),
      ])
  },

  page: async ({ hls: { default: Hls }, api, equal }) => {
    const audio = document.body.appendChild(document.createElement('audio'))
    const player = new Hls({ xhrSetup: (xhr) => xhr.setRequestHeader('x-token', 'secret') })
    const urls: string[] = []
    player.on(Hls.Events.FRAG_LOADED, (_event, { frag }) => void urls.push(frag.url))
    await new Promise<void>((resolve, reject) => {
      player.on(Hls.Events.ERROR, (_event, { details, error }) => reject(new Error(`${details}: ${error.message}`)))
      player.on(Hls.Events.BUFFERED_TO_END, () => resolve())
      player.loadSource(`${api}/live/master.m3u8`)
      player.attachMedia(audio)
    })
    equal(urls, Array(3).fill(`${api}/live/audio/audio.mp3`))
    equal([audio.buffered.length, Math.round(audio.buffered.end(0))], [1, 6])
    player.destroy()
  },
}
