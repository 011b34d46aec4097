/**
 * What elements and style sheets load with CORS, and what workers and frames call: against servers that count, and that never heard of
 * CORS.
 */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { launchChromium } from './chromium'
import { type Host, type HostKind, startHost } from './hosts'
import { type MediaServer, startMediaServer } from './media-server'

declare global {
  // Of the page, see `src/main.js` below.
  const API: string
  const outer: () => Worker
  const pixel: (image: CanvasImageSource) => number[]
  const loaded: <T extends Element>(element: T, event?: string) => Promise<T>
}

let api: MediaServer
/** It allows everybody, which shows only when it is asked. */
let cdn: MediaServer
/** Asked likewise, it allows nobody. */
let found: MediaServer
let browser: Browser
beforeAll(async () => {
  ;[api, cdn, found] = await Promise.all([
    startMediaServer(),
    startMediaServer({ allowsCors: true }),
    startMediaServer(),
  ])
  browser = await launchChromium(['--autoplay-policy=no-user-gesture-required', '--enable-unsafe-swiftshader'])
})
afterAll(async () => {
  await browser?.close()
  for (const server of [api, cdn, found]) server?.close()
})

const asNeeded = ({ origin }: MediaServer): { url: string; relay: 'as-needed' } => ({ url: origin, relay: 'as-needed' })

const html = (): string => `<!doctype html>
<html>
<head>
<link rel="preload" as="font" crossorigin href="${api.origin}/font.ttf?inline">
<style>
  @font-face { font-family: Inline; src: url(${api.origin}/font.ttf?inline) format('truetype') }
  #inline { -webkit-mask: url("${api.origin}/shape.svg?inline") }
  #background { background: url("${api.origin}/shape.svg?background") }
</style>
<link rel="stylesheet" href="/linked.css">
</head>
<body>
<img id="written" crossorigin src="${api.origin}/pixel.png?written">
<img id="plain" src="${api.origin}/pixel.png?plain">
<picture><source srcset="${api.origin}/pixel.png?chosen&amp;x 1x"><img id="pictured" crossorigin src="${api.origin}/pixel.png?not-chosen"></picture>
<audio id="heard" crossorigin="anonymous" preload="metadata"><source src="${api.origin}/sound.wav?written"></audio>
<video id="subtitled" crossorigin muted src="${api.origin}/sound.wav?subtitled"><track default src="${api.origin}/cues.vtt?written"></video>
<p id="inline" style="font-family: Inline">inline</p>
<p id="linked" style="font-family: Linked">linked</p>
<p id="attribute" style="mask-image: url('${api.origin}/shape.svg?attribute')">attribute</p>
<p id="background">background</p>
<p id="imported">imported</p>
<template id="template"><img crossorigin src="${api.origin}/pixel.png?template"></template>
</body>
</html>
`

const files = (): Record<string, string> => ({
  'index.html': html(),
  'public/linked.css': `/* a comment: url(${api.origin}/shape.svg) */
@font-face { font-family: Linked; src: local('nothing'), url('${api.origin}/font.ttf?linked') }
#linked { shape-outside: url(${api.origin}/shape.svg?linked); float: left; width: 20px; height: 20px }
`,
  'public/plain-worker.js': `'use strict'
importScripts('/imported.js')
const isStrict = (function () { return this === undefined })()
onmessage = ({ data }) => call(data).then((text) => postMessage([text, isStrict]))
`,
  'public/imported.js': `self.call = (url) => fetch(url).then((answer) => answer.text(), String)`,
  'public/module-worker.js': `// Evaluated after what it imports.
import { answer } from '/at-once.js'
answer.then((text) => postMessage(text))
`,
  'public/at-once.js': `export const answer = fetch('${api.origin}/json?at-once').then((answer) => answer.text(), String)`,
  'public/shared-worker.js': `
onconnect = ({ ports: [port] }) => fetch('${api.origin}/json?shared').then((answer) => answer.text(), String).then((text) => port.postMessage(text))
`,
  'src/nested.js': `fetch('${api.origin}/json?nested').then((answer) => answer.text(), String).then((text) => postMessage(text))`,
  'src/outer.js': `const inner = new Worker(new URL('./nested.js', import.meta.url), { type: 'module' })
inner.onmessage = ({ data }) => postMessage(data)`,
  'src/main.js': `
window.API = '${api.origin}'
window.outer = () => new Worker(new URL('./outer.js', import.meta.url), { type: 'module' })
window.pixel = (image) => {
  const canvas = document.createElement('canvas')
  const context = canvas.getContext('2d')
  context.drawImage(image, 0, 0)
  canvas.toDataURL()
  return [...context.getImageData(0, 0, 1, 1).data]
}
window.loaded = (element, event = 'load') => new Promise((resolve, reject) => {
  element.addEventListener(event, () => resolve(element), { once: true })
  element.addEventListener('error', () => reject(new Error('error event')), { once: true })
})
window.isReady = true
`,
})

const RED = [255, 0, 0, 255]
const kinds: HostKind[] = ['vite', 'webpack-cli']

describe.each(kinds)('%s', (kind) => {
  let host: Host
  let page: Page
  let red: string[]
  beforeAll(async () => {
    host = await startHost(kind, {
      files: {
        ...files(),
        // webpack needs loaders for it.
        ...(kind === 'vite' && {
          'src/main.js': `import './imported.css'\n${files()['src/main.js']}`,
          'src/imported.css': `#imported { mask-image: url(${api.origin}/shape.svg?imported) }`,
        }),
      },
      options: { targets: [api.origin, asNeeded(cdn), asNeeded(found)] },
    })
    page = await (await browser.newContext()).newPage()
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.location().url.endsWith('/favicon.ico')) red.push(message.text())
    })
  })
  afterAll(async () => {
    await page?.context().close()
    await host?.close()
  })
  beforeEach(async () => {
    red = []
    for (const server of [api, cdn, found]) server.seen.length = server.ranges.length = 0
  })

  const open = async (): Promise<void> => {
    await page.goto(host.url)
    await page.waitForFunction('window.isReady')
  }
  const seenOf = (name: string): string[] => api.seen.filter((line) => line.includes(name))

  it('loads what stands in documents and style sheets once, through the dev server', async () => {
    await open()
    const state = await page.evaluate(async () => {
      await document.fonts.ready
      const heard = document.querySelector<HTMLAudioElement>('#heard')!
      const track = document.querySelector<HTMLVideoElement>('#subtitled')!.textTracks[0]!
      if (heard.readyState < 1) await loaded(heard, 'loadedmetadata')
      if (!track.cues?.length) await loaded(document.querySelector('track')!)
      const image = (id: string): HTMLImageElement => document.querySelector<HTMLImageElement>(id)!
      return {
        fonts: [...document.fonts].map(({ family, status }) => `${family} ${status}`).sort(),
        cues: track.cues!.length,
        written: pixel(image('#written')),
        pictured: pixel(image('#pictured')),
        src: [image('#written').src, image('#written').getAttribute('src'), image('#pictured').currentSrc],
        html: document.querySelector('picture')!.outerHTML,
        heard: [heard.currentSrc, heard.firstElementChild!.getAttribute('src')],
      }
    })
    expect(state).toEqual({
      fonts: ['Inline loaded', 'Linked loaded'],
      cues: 1,
      written: RED,
      pictured: RED,
      src: [`${api.origin}/pixel.png?written`, `${api.origin}/pixel.png?written`, `${api.origin}/pixel.png?chosen&x`],
      html: `<picture><source srcset="${api.origin}/pixel.png?chosen&amp;x 1x"><img id="pictured" crossorigin="" src="${api.origin}/pixel.png?not-chosen"></picture>`,
      heard: [`${api.origin}/sound.wav?written`, `${api.origin}/sound.wav?written`],
    })
    await expect.poll(() => seenOf('?attribute')).toEqual(['/shape.svg?attribute relayed'])
    if (kind === 'vite') await expect.poll(() => seenOf('?imported')).toEqual(['/shape.svg?imported relayed'])
    for (const name of [
      'pixel.png?written',
      'pixel.png?chosen&x',
      'font.ttf?inline',
      'font.ttf?linked',
      'cues.vtt?written',
      'shape.svg?inline',
      'shape.svg?linked',
    ]) {
      expect(seenOf(name)).toEqual([`/${name} relayed`])
    }
    for (const name of ['pixel.png?plain', 'shape.svg?background']) expect(seenOf(name)).toEqual([`/${name}`])
    expect(seenOf('?not-chosen')).toEqual([])
    expect(red).toEqual([])
  })

  it('loads what scripts make once, however they make it', async () => {
    await open()
    const state = await page.evaluate(async () => {
      const url = (name: string): string => `${API}/pixel.png?${name}`
      const place = document.body.appendChild(document.createElement('div'))
      const made: Record<string, HTMLImageElement> = {}
      const image = (name: string, make: (image: HTMLImageElement) => void): void => make((made[name] = new Image()))

      image('property', (it) => Object.assign(it, { crossOrigin: 'anonymous', src: url('property') }))
      image('srcset', (it) =>
        Object.assign(it, { crossOrigin: '', srcset: `${url('srcset')} 1x, ${url('unchosen')} 9x` }),
      )
      image('property-late', (it) => Object.assign(it, { src: url('property-late'), crossOrigin: '' }))
      image('attribute', (it) => {
        it.setAttribute('crossorigin', '')
        it.setAttribute('SRC', url('attribute'))
      })
      image('attribute-late', (it) => {
        it.setAttribute('src', url('attribute-late'))
        it.setAttribute('crossorigin', 'anonymous')
      })
      image('credentials', (it) => Object.assign(it, { crossOrigin: 'use-credentials', src: url('credentials') }))
      image('decode', (it) => Object.assign(it, { crossOrigin: '', src: url('decode') }))
      image('copied', (it) => Object.assign(it, { crossOrigin: '', src: url('copied') }))
      made.copy = made.copied!.cloneNode() as HTMLImageElement
      const find = (name: string): void => void (made[name] = document.querySelector<HTMLImageElement>(`#${name}`)!)
      const tag = (name: string): string => `<img id="${name}" crossorigin src="${url(name)}">`
      place.insertAdjacentHTML('beforeend', tag('adjacent') + '<b></b>')
      place.lastElementChild!.outerHTML = tag('outer')
      const inner = place.appendChild(document.createElement('div'))
      inner.innerHTML = tag('inner')
      const template = document.createElement('template')
      template.innerHTML = tag('cloned')
      place.append(template.content.cloneNode(true))
      place.append(document.importNode(document.querySelector<HTMLTemplateElement>('#template')!.content, true))
      place.lastElementChild!.id = 'written-template'
      for (const name of ['adjacent', 'outer', 'inner', 'cloned', 'written-template']) find(name)
      // From the inside out, as React builds.
      const source = document.createElement('source')
      source.setAttribute('srcset', url('picture'))
      image('picture', (it) => {
        it.setAttribute('crossorigin', '')
        it.setAttribute('src', url('fallback'))
      })
      const picture = document.createElement('picture')
      picture.append(source, made.picture!)
      place.append(picture)
      const shown = made.property!.getAttribute('src')
      await made.decode!.decode()
      await Promise.all(
        Object.values(made).map(async (it) =>
          it.complete ? it : loaded(it).catch(() => Promise.reject(new Error(it.outerHTML))),
        ),
      )
      const gl = document.createElement('canvas').getContext('webgl')!
      gl.bindTexture(gl.TEXTURE_2D, gl.createTexture())
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, made.property!)
      return {
        pixels: Object.entries(made).filter(([, it]) => String(pixel(it)) !== '255,0,0,255'),
        shown: [shown, made.srcset!.currentSrc, made.picture!.currentSrc, inner.innerHTML, made.attribute!.outerHTML],
        glError: gl.getError(),
        names: Object.keys(made),
      }
    })
    expect(state.pixels).toEqual([])
    expect(state.glError).toBe(0)
    const url = (name: string): string => `${api.origin}/pixel.png?${name}`
    expect(state.shown).toEqual([
      url('property'),
      url('srcset'),
      url('picture'),
      `<img id="inner" crossorigin="" src="${url('inner')}">`,
      `<img crossorigin="" src="${url('attribute')}">`,
    ])
    const names = state.names.filter((name) => !['copy', 'written-template'].includes(name))
    expect(
      names.map((name) =>
        seenOf(`?${name}`).filter((line) => line.startsWith(`/pixel.png?${name} `) || line.endsWith(`?${name}`)),
      ),
    ).toEqual(names.map((name) => [`/pixel.png?${name} relayed`]))
    expect(seenOf('?unchosen')).toEqual([])
    expect(seenOf('?fallback')).toEqual([])
    expect(red).toEqual([])
  })

  it('plays and seeks, and reads cues', async () => {
    await open()
    const state = await page.evaluate(async () => {
      const sound = new Audio(`${API}/sound.wav?made`)
      sound.crossOrigin = 'anonymous'
      await loaded(sound, 'loadedmetadata')
      sound.currentTime = 50
      await loaded(sound, 'seeked')
      const video = document.createElement('video')
      video.muted = true
      video.crossOrigin = ''
      video.src = `${API}/sound.wav?played`
      await video.play()
      const source = document.createElement('source')
      source.src = `${API}/sound.wav?source`
      const track = document.createElement('track')
      track.src = `${API}/cues.vtt?made`
      track.default = true
      const late = document.createElement('video')
      late.setAttribute('crossorigin', 'anonymous')
      late.append(source, track)
      document.body.append(late)
      if (late.readyState < 1) await loaded(late, 'loadedmetadata')
      if (!track.track.cues?.length) await loaded(track)
      // For a texture, in no document.
      const detached = document.createElement('video')
      detached.crossOrigin = ''
      const inDetached = document.createElement('source')
      inDetached.src = `${API}/sound.wav?detached`
      detached.append(inDetached)
      await loaded(detached, 'loadedmetadata')
      return {
        time: sound.currentTime,
        cues: track.track.cues!.length,
        src: [video.currentSrc, sound.src, source.src, late.currentSrc, track.src],
      }
    })
    expect(state).toEqual({
      time: 50,
      cues: 1,
      src: [
        `${api.origin}/sound.wav?played`,
        `${api.origin}/sound.wav?made`,
        `${api.origin}/sound.wav?source`,
        `${api.origin}/sound.wav?source`,
        `${api.origin}/cues.vtt?made`,
      ],
    })
    expect(seenOf('cues.vtt?made')).toEqual(['/cues.vtt?made relayed'])
    expect(seenOf('?detached')).not.toEqual([])
    expect(api.ranges.some((range) => Number(/\d+/.exec(range)) > 1_000_000)).toBe(true)
    expect(api.seen.filter((line) => line.includes('sound') && !line.includes('relayed'))).toEqual([])
    expect(red).toEqual([])
  })

  it('sends what works directly on, and leaves alone what needs no CORS', async () => {
    await open()
    const load = (url: string, crossOrigin: string | null): Promise<string> =>
      page.evaluate(
        async ([src, mode]) => {
          const image = new Image()
          if (mode !== null) image.crossOrigin = mode
          image.src = src
          await loaded(image)
          try {
            return String(pixel(image))
          } catch (error) {
            return (error as Error).name
          }
        },
        [url, crossOrigin] as const,
      )
    expect(await load(`${cdn.origin}/pixel.png?open`, '')).toBe(String(RED))
    expect(await load(`${found.origin}/pixel.png?closed`, '')).toBe(String(RED))
    expect(await load(`${api.origin}/pixel.png?tainted`, null)).toBe('SecurityError')
    expect(cdn.seen.filter((line) => line.includes('?open'))).toEqual(['/pixel.png?open'])
    expect(found.seen.filter((line) => !line.includes('relayed') && line.includes('?'))).toEqual([])
    expect(seenOf('?tainted')).toEqual(['/pixel.png?tainted'])
    expect(red).toEqual([])
  })

  it('loads the fonts of scripts', async () => {
    await open()
    const state = await page.evaluate(async () => {
      const face = new FontFace('face', `local(none), url("${API}/font.ttf?face") format('truetype')`)
      document.fonts.add(await face.load())
      const bytes = await (await fetch(`${API}/font.ttf?bytes`)).arrayBuffer()
      return [face.status, (await new FontFace('bytes', bytes).load()).status, face instanceof FontFace]
    })
    expect(state).toEqual(['loaded', 'loaded', true])
    expect(seenOf('/font.ttf?face')).toEqual(['/font.ttf?face relayed'])
    expect(red).toEqual([])
  })

  it('loads what styles of scripts name', async () => {
    await open()
    const state = await page.evaluate(async () => {
      const face = (name: string): string =>
        `@font-face { font-family: ${name}; src: url("${API}/font.ttf?${name}") format('truetype') }`
      const mask = (name: string): string =>
        `#${name} { mask-image: url(${API}/shape.svg?${name}); background: url(${API}/shape.svg?${name}-behind) }`
      const rules = (name: string): string => `${face(name)} ${mask(name)}`
      const show = (name: string): void => {
        const shown = document.body.appendChild(document.createElement('p'))
        Object.assign(shown, { id: name, textContent: name })
        shown.style.fontFamily = name
      }
      const style = (): HTMLStyleElement => document.head.appendChild(document.createElement('style'))

      // As Vite does.
      style().textContent = rules('text')
      // As style-loader does.
      const whole = document.createElement('style')
      whole.appendChild(document.createTextNode(rules('whole')))
      document.head.appendChild(whole)
      // As styled-components does.
      const growing = style()
      for (const name of ['first', 'second']) growing.appendChild(document.createTextNode(rules(name)))
      // As React does.
      const changing = style()
      changing.textContent = '#nothing {}'
      await Promise.resolve()
      changing.firstChild!.nodeValue = rules('changed')
      const place = document.body.appendChild(document.createElement('div'))
      place.innerHTML = `<div><style>${rules('parsed')}</style></div>`
      // As Emotion and Lit do.
      const { sheet } = style()
      for (const rule of [face('inserted'), mask('inserted')]) sheet!.insertRule(rule, sheet!.cssRules.length)
      sheet!.insertRule('@media all { body { --any: 0 } }')
      const media = sheet!.cssRules[0] as CSSMediaRule
      for (const rule of [face('grouped'), mask('grouped')]) media.insertRule(rule)
      sheet!.insertRule('body { --any: 0 }')
      ;(sheet!.cssRules[0] as CSSStyleRule).insertRule(mask('nested'))
      const [replaced, later] = [new CSSStyleSheet(), new CSSStyleSheet()]
      replaced.replaceSync(mask('replaced'))
      await later.replace(mask('later'))
      document.adoptedStyleSheets.push(replaced, later)

      const fonts = ['text', 'whole', 'first', 'second', 'changed', 'parsed', 'inserted', 'grouped']
      const masks = [...fonts, 'nested', 'replaced', 'later']
      masks.forEach(show)
      await document.fonts.ready
      return {
        masks,
        fonts,
        loaded: fonts.filter((name) => [...document.fonts].some((it) => it.family === name && it.status === 'loaded')),
        rules: sheet!.cssRules.length,
        texts: growing.childNodes.length,
      }
    })
    expect(state).toMatchObject({ loaded: state.fonts, rules: 4, texts: 2 })
    const seen = (prefix: string, names: string[]): string[] => names.flatMap((name) => seenOf(`${prefix}?${name} `))
    await expect
      .poll(() => seen('/shape.svg', state.masks))
      .toEqual(state.masks.map((name) => `/shape.svg?${name} relayed`))
    expect(seen('/font.ttf', state.fonts)).toEqual(state.fonts.map((name) => `/font.ttf?${name} relayed`))
    for (const name of state.masks) expect(seenOf(`?${name}-behind`)).toEqual([`/shape.svg?${name}-behind`])
    expect(red).toEqual([])
  })

  it('loads what scripts style one element with', async () => {
    await open()
    const names = await page.evaluate(() => {
      const place = document.body.appendChild(document.createElement('div'))
      const css = (name: string): string => `url("${API}/shape.svg?${name}")`
      const names: string[] = []
      const box = (name: string, ...styleIt: ((box: HTMLElement) => void)[]): void => {
        names.push(name)
        const it = document.createElement('div')
        it.textContent = name
        it.style.cssText = 'width: 20px; height: 20px; float: left'
        styleIt[0]!(it)
        place.append(it)
        styleIt[1]?.(it)
      }
      const nothing = (): void => undefined
      box('before', (it) => (it.style.maskImage = css('before')))
      box('after', nothing, (it) => (it.style.webkitMaskImage = css('after')))
      box('shorthand', nothing, (it) => (it.style.mask = `${css('shorthand')} no-repeat`))
      box('shape', nothing, (it) => it.style.setProperty('shape-outside', css('shape'), 'important'))
      box('several', nothing, (it) => (it.style.maskImage = `${css('several')}, ${css('other')}`))
      box('attribute', nothing, (it) => it.setAttribute('style', `float: left; mask-image: ${css('by-attribute')}`))
      box('parsed', (it) => (it.innerHTML = `<p style='mask: ${css('parsed')}'>parsed</p>`))
      // It is loaded as it is: no CORS is asked of it.
      box('background', (it) => (it.style.background = css('background-of-one')))
      return names
    })
    const relayed = ['before', 'after', 'shorthand', 'shape', 'several', 'other', 'by-attribute', 'parsed']
    await expect
      .poll(() => relayed.map((name) => seenOf(`?${name}`)))
      .toEqual(relayed.map((name) => [`/shape.svg?${name} relayed`]))
    expect(seenOf('?background-of-one')).toEqual(['/shape.svg?background-of-one'])
    const styles = await page.evaluate(() =>
      [...document.body.lastElementChild!.children].map((it) => it.getAttribute('style')!.replace(/^.*left; ?/, '')),
    )
    const css = (name: string): string => `url("${api.origin}/shape.svg?${name}")`
    expect(styles.slice(0, names.indexOf('attribute') + 1)).toEqual([
      `mask-image: ${css('before')};`,
      `mask-image: ${css('after')};`,
      `mask: ${css('shorthand')} no-repeat;`,
      `shape-outside: ${css('shape')} !important;`,
      `mask-image: ${css('several')}, ${css('other')};`,
      `mask-image: ${css('by-attribute')};`,
    ])
    expect(red).toEqual([])
  })

  it('loads what comes into the document without a call that could be patched', async () => {
    await open()
    const state = await page.evaluate(async () => {
      const tag = (name: string): string => `<img id="${name}" crossorigin src="${API}/pixel.png?${name}">`
      const place = document.body.appendChild(document.createElement('div'))
      const parsed = new DOMParser().parseFromString(tag('foreign'), 'text/html').querySelector('img')!
      place.append(parsed)
      place.append(document.createRange().createContextualFragment(tag('fragment')))
      const host = place.appendChild(document.createElement('div'))
      const shadow = host.attachShadow({ mode: 'open' })
      shadow.innerHTML = tag('shadow')
      const attributes = place.appendChild(new Image())
      attributes.id = 'attributes'
      for (const [name, value] of [
        ['crossorigin', ''],
        ['src', `${API}/pixel.png?attributes`],
      ] as const) {
        attributes.setAttributeNode(Object.assign(document.createAttribute(name), { value }))
      }
      const video = place.appendChild(document.createElement('video'))
      Object.assign(video, { crossOrigin: '', preload: 'metadata' })
      const source = document.createElement('source')
      source.setAttribute('src', `${API}/sound.wav?later`)
      video.append(source)
      const images = [...place.querySelectorAll('img'), ...shadow.querySelectorAll('img')]
      await Promise.all(images.map((it) => loaded(it)))
      if (video.readyState < 1) await loaded(video, 'loadedmetadata')
      return Object.fromEntries(images.map((it) => [it.id, String(pixel(it))]))
    })
    expect(state).toEqual({
      foreign: String(RED),
      fragment: String(RED),
      attributes: String(RED),
      shadow: String(RED),
    })
    expect(seenOf('/sound.wav?later').every((line) => line.includes('relayed'))).toBe(true)
    for (const name of ['foreign', 'fragment', 'attributes', 'shadow']) {
      expect(seenOf(`/pixel.png?${name}`)).toEqual([`/pixel.png?${name} relayed`])
    }
    expect(red).toEqual([])
  })

  it('loads what comes into shadow trees, closed ones too', async () => {
    await open()
    const state = await page.evaluate(async () => {
      const css = (name: string): string => `url("${API}/shape.svg?${name}")`
      const place = document.body.appendChild(document.createElement('div'))
      const host = document.createElement('div')
      // As components do: filled before it is in the document.
      const root = host.attachShadow({ mode: 'closed' })
      root.innerHTML = `<style>p { float: left } #early { mask-image: ${css('shadow-style')} }</style>
        <p id="early">early</p><p style='mask-image: ${css('shadow-attribute')}'>attribute</p><p id="late">late</p><b></b>`
      place.append(host)
      const style = root.appendChild(document.createElement('style'))
      style.textContent = `#late { shape-outside: ${css('shadow-text')} }`
      root.querySelector('b')!.style.maskImage = css('shadow-property')
      const inner = root.querySelector('p')!.appendChild(document.createElement('div')).attachShadow({ mode: 'open' })
      inner.innerHTML = `<i style='mask-image: ${css('shadow-nested')}'>nested</i>`
      const foreign = new DOMParser().parseFromString(
        `<img crossorigin src="${API}/pixel.png?shadow-foreign">`,
        'text/html',
      ).images[0]!
      root.append(foreign)
      const frame = root.appendChild(document.createElement('iframe'))
      const answer = await (frame.contentWindow as unknown as typeof globalThis).fetch(`${API}/json?shadow-frame`)
      return {
        pixel: pixel(foreign.complete ? foreign : await loaded(foreign)),
        answer: await answer.text(),
        native: [String(Element.prototype.attachShadow), Element.prototype.attachShadow.length],
        instance: root instanceof ShadowRoot,
      }
    })
    expect(state).toEqual({
      pixel: RED,
      answer: '{"name":"Ada"}',
      native: ['function attachShadow() { [native code] }', 1],
      instance: true,
    })
    const names = ['style', 'attribute', 'text', 'property', 'nested'].map((name) => `/shape.svg?shadow-${name}`)
    await expect.poll(() => names.map(seenOf)).toEqual(names.map((name) => [`${name} relayed`]))
    expect(seenOf('?shadow-foreign')).toEqual(['/pixel.png?shadow-foreign relayed'])
    expect(seenOf('?shadow-frame')).toEqual(['/json?shadow-frame relayed'])
    expect(red).toEqual([])
  })

  it('reaches workers of every kind', async () => {
    await open()
    const state = await page.evaluate(async () => {
      const answer = (worker: Worker | MessagePort): Promise<unknown> =>
        new Promise((resolve) => {
          worker.onmessage = ({ data }) => resolve(data)
          if (worker instanceof Worker) worker.onerror = ({ message }) => resolve(`error: ${message}`)
          setTimeout(() => resolve('no answer'), 10_000)
        })
      const code = (name: string): string =>
        `fetch('${API}/json?${name}').then((answer) => answer.text(), String).then((text) => postMessage(text))`
      const blobWorker = (name: string, options?: WorkerOptions): Promise<unknown> => {
        const url = URL.createObjectURL(new Blob([code(name)], { type: 'text/javascript' }))
        const worker = new Worker(url, options)
        URL.revokeObjectURL(url)
        return answer(worker)
      }
      const inner = `const url = URL.createObjectURL(new Blob([\`${code('inner-blob')}\`])); new Worker(url).onmessage = ({ data }) => postMessage(data)`
      const connected = `let times = 0; onconnect = ({ ports: [port] }) => fetch('${API}/json?shared-blob').then((answer) => answer.text(), String).then((text) => port.postMessage(text + ++times))`
      const shared = URL.createObjectURL(new Blob([connected]))
      const plain = new Worker('/plain-worker.js')
      plain.postMessage(`${API}/json?plain`)
      return {
        plain: await answer(plain),
        module: await answer(new Worker('/module-worker.js', { type: 'module' })),
        shared: await answer(new SharedWorker('/shared-worker.js').port),
        sharedBlob: await answer(new SharedWorker(shared).port),
        sharedBlobAgain: await answer(new SharedWorker(shared).port),
        nested: await answer(outer()),
        blob: await blobWorker('blob'),
        blobModule: await blobWorker('blob-module', { type: 'module' }),
        innerBlob: await answer(new Worker(URL.createObjectURL(new Blob([inner])))),
      }
    })
    const ada = '{"name":"Ada"}'
    expect(state).toEqual({
      plain: [ada, true],
      module: ada,
      shared: ada,
      sharedBlob: `${ada}1`,
      sharedBlobAgain: `${ada}2`,
      nested: ada,
      blob: ada,
      blobModule: ada,
      innerBlob: ada,
    })
    expect(api.seen.filter((line) => line.includes('json') && !line.includes('relayed'))).toEqual([])
    expect(red).toEqual([])
  })

  it('reaches frames that no server serves', async () => {
    await open()
    const state = await page.evaluate(async () => {
      const ask = async ({ fetch }: { fetch: typeof globalThis.fetch }, name: string): Promise<string> =>
        (await fetch(`${API}/json?${name}`)).text()
      const told: Record<string, unknown> = {}
      let loads = 0
      const srcdoc = (name: string): string =>
        `<!doctype html><img crossorigin><script>fetch('${API}/json?${name}').then((answer) => answer.text(), String).then((text) => parent.postMessage([document.URL, '${name}', text]))</script>`
      const messages: unknown[][] = []
      const told2 = new Promise<void>((resolve) =>
        addEventListener('message', ({ data }) => {
          if (Array.isArray(data) && messages.push(data) === 3) resolve()
        }),
      )
      const blank = document.body.appendChild(document.createElement('iframe'))
      told.blank = await ask(blank.contentWindow as never, 'blank')
      const image = blank.contentDocument!.createElement('img')
      Object.assign(image, { crossOrigin: '', src: `${API}/pixel.png?blank` })
      blank.contentDocument!.body.append(image)
      told.image = [pixel(await loaded(image)), image.src]

      const indexed = document.body.appendChild(document.createElement('iframe'))
      await Promise.resolve()
      told.indexed = await ask(frames[frames.length - 1] as never, 'indexed')

      const given = document.createElement('iframe')
      given.addEventListener('load', () => loads++)
      given.srcdoc = srcdoc('given')
      document.body.append(given)
      const place = document.body.appendChild(document.createElement('div'))
      place.innerHTML = `<iframe id="in-markup" srcdoc="${srcdoc('marked').replace(/"/g, '&quot;')}"></iframe>`
      const marked = place.querySelector('iframe')!
      marked.addEventListener('load', () => loads++)
      const attribute = document.createElement('iframe')
      attribute.addEventListener('load', () => loads++)
      attribute.setAttribute('srcdoc', srcdoc('attribute'))
      document.body.append(attribute)
      await told2
      told.messages = messages.slice().sort()
      told.shown = [given.srcdoc === srcdoc('given'), marked.getAttribute('srcdoc') === srcdoc('marked')]
      told.mode = given.contentDocument!.compatMode
      const next = (load: () => void): Promise<unknown> =>
        new Promise((resolve) => {
          addEventListener('message', ({ data }) => resolve(data), { once: true })
          load()
        })
      told.later = [
        await next(() => (given.srcdoc = srcdoc('second'))),
        await next(() => given.contentWindow!.location.reload()),
        await next(() => given.setAttribute('srcdoc', srcdoc('fourth'))),
      ]
      const loading = new Promise((resolve) => given.addEventListener('load', resolve))
      if (given.contentDocument!.readyState !== 'complete') await loading
      told.loads = loads

      for (const sandbox of ['', 'allow-same-origin', 'allow-scripts']) {
        const boxed = document.createElement('iframe')
        boxed.setAttribute('sandbox', sandbox)
        boxed.srcdoc = '<p>hello</p>'
        document.body.append(boxed)
        await loaded(boxed)
      }
      // Neither being looked at nor being styled loads a frame once more.
      for (const frame of [given, marked]) {
        frame.style.height = '5px'
        void frame.srcdoc
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
      told.loadsLater = loads

      indexed.remove()
      return told
    })
    const ada = '{"name":"Ada"}'
    expect(state).toEqual({
      blank: ada,
      image: [RED, `${api.origin}/pixel.png?blank`],
      indexed: ada,
      messages: [
        ['about:srcdoc', 'attribute', ada],
        ['about:srcdoc', 'given', ada],
        ['about:srcdoc', 'marked', ada],
      ],
      shown: [true, true],
      mode: 'CSS1Compat',
      later: ['second', 'second', 'fourth'].map((name) => ['about:srcdoc', name, ada]),
      loads: 6,
      loadsLater: 6,
    })
    expect(api.seen.filter((line) => line.includes('json') && !line.includes('relayed'))).toEqual([])
    expect(red).toEqual([])
  })

  it('reaches popups that no server serves', async () => {
    await open()
    const state = await page.evaluate(async () => {
      const ask = async (popup: Window | null, name: string): Promise<unknown> => {
        const answer = await (popup as unknown as typeof globalThis).fetch(`${API}/json?${name}`)
        const told = [await answer.text(), answer.url]
        popup?.close()
        return told
      }
      const framed = window.open('', 'popup')!
      framed.document.write(`<img crossorigin src="${API}/pixel.png?popup">`)
      await loaded(framed.document.images[0]!)
      return {
        popup: pixel(framed.document.images[0]!),
        empty: await ask(window.open(), 'empty'),
        named: await ask(window.open('about:blank'), 'named'),
        again: await ask(window.open('', 'popup'), 'again'),
        refused: window.open('', '', 'noopener'),
      }
    })
    const answer = (name: string): string[] => ['{"name":"Ada"}', `${api.origin}/json?${name}`]
    expect(state).toEqual({
      popup: RED,
      empty: answer('empty'),
      named: answer('named'),
      again: answer('again'),
      refused: null,
    })
    expect(api.seen.filter((line) => line.includes('json') && !line.includes('relayed'))).toEqual([])
    expect(red).toEqual([])
  })
})
