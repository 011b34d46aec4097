import { expect, it } from 'vitest'
import { withPage } from './with-page'

const scene = withPage('always')

const CLASSIC = "importScripts('/__cors-dev/client.js')\n"
const MODULE = "import '/client.mjs'\n"

/** Everything a worker has, asked once. */
const calls = (origin: string) => `
const answered = (async () => {
  const response = await fetch('${origin}/redirect', { credentials: 'include' })
  const xhr = new XMLHttpRequest()
  xhr.open('POST', '${origin}/echo', false)
  xhr.send('sync')
  const source = new EventSource('${origin}/events')
  const message = await new Promise((resolve) => { source.onmessage = resolve })
  source.close()
  const socket = new WebSocket('${origin.replace('http', 'ws')}/socket')
  await new Promise((resolve) => { socket.onopen = resolve })
  return [response.url, response.type, xhr.responseURL, JSON.parse(xhr.responseText).text, message.origin, socket.url]
})().catch(String)
`
const answer = (origin: string) => [
  `${origin}/json?redirected`,
  'cors',
  `${origin}/echo`,
  'sync',
  origin,
  `${origin.replace('http', 'ws')}/socket`,
]

it.each([
  ['classic', CLASSIC],
  ['module', MODULE],
] as const)('serves a dedicated %s worker', async (type, head) => {
  scene.dev.serve(
    `/${type}.js`,
    'text/javascript',
    `${head}${calls(scene.api.origin)}answered.then((data) => postMessage(data))`,
  )
  const seen = await scene.page.evaluate(
    (kind) =>
      new Promise((resolve) => {
        const worker = new Worker(`/${kind}.js`, { type: kind })
        worker.onmessage = ({ data }) => resolve(data)
        worker.onerror = ({ message }) => resolve(message)
      }),
    type,
  )
  expect(seen).toEqual(answer(scene.api.origin))
})

it.each([
  ['classic', CLASSIC],
  ['module', MODULE],
] as const)('serves a shared %s worker', async (type, head) => {
  // A shared worker has no synchronous way to know who connects: it answers whoever comes.
  const script = `${head}${calls(scene.api.origin)}
    onconnect = ({ ports: [port] }) => answered.then((data) => port.postMessage(data))`
  scene.dev.serve(`/shared-${type}.js`, 'text/javascript', script)
  const seen = await scene.page.evaluate(
    (kind) =>
      new Promise((resolve) => {
        const worker = new SharedWorker(`/shared-${kind}.js`, { type: kind })
        worker.port.onmessage = ({ data }) => resolve(data)
        worker.onerror = () => resolve('error')
      }),
    type,
  )
  expect(seen).toEqual(answer(scene.api.origin))
})

it('serves a worker made from a blob, whose own address names no path', async () => {
  const script = `importScripts('${scene.dev.origin}/__cors-dev/client.js')${calls(scene.api.origin)}answered.then((data) => postMessage(data))`
  const seen = await scene.page.evaluate(
    (code) =>
      new Promise((resolve) => {
        const worker = new Worker(URL.createObjectURL(new Blob([code])))
        worker.onmessage = ({ data }) => resolve(data)
        worker.onerror = ({ message }) => resolve(message)
      }),
    script,
  )
  expect(seen).toEqual(answer(scene.api.origin))
})
