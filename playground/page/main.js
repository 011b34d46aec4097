import { PLAYGROUND } from 'addresses'
import { createCard } from './card.js'
import { cards } from './cards.js'
import { h } from './dom.js'
import { createApiStrip } from './apis.js'
import './style.css'

const CALLS_AT_ONCE = 4
const { host, way, hubUrl } = PLAYGROUND
const states = new Map()

document.documentElement.dataset.way = way

const tally = h('p', { class: 'tally', role: 'status' })
const made = cards.map((card) => createCard(card, { onState }))

document.body.append(
  h(
    'header',
    { class: 'top' },
    h(
      'div',
      {},
      h('p', { class: 'name' }, 'unplugin-cors-dev', h('span', {}, ' playground')),
      h('h1', {}, 'Seven APIs that never heard of CORS'),
      h('p', { class: 'lead' }, lead()),
    ),
    h(
      'nav',
      { class: 'switches', 'aria-label': 'Which page' },
      choice('Way', [
        ['through unplugin-cors-dev', `${hubUrl}/go/${host}/through`, way === 'through'],
        ['direct', `${hubUrl}/go/${host}/direct`, way === 'direct'],
      ]),
      choice('Dev server', [
        ['Vite', `${hubUrl}/go/vite/${way}`, host === 'vite'],
        ['webpack', `${hubUrl}/go/webpack/${way}`, host === 'webpack'],
      ]),
    ),
  ),
  createApiStrip(hubUrl, way),
  h(
    'main',
    {},
    h('div', { class: 'bar' }, tally, h('button', { onclick: callAll }, 'Call all again')),
    h('div', { class: 'grid' }, ...made.map(({ element }) => element)),
  ),
)
callAll()

function lead() {
  return way === 'through'
    ? 'The page calls them as in production. Its dev server carries the calls, and each is answered.'
    : 'The same page without the plugin: the browser calls the APIs itself, and lets no script read an answer.'
}

function choice(label, options) {
  return h(
    'div',
    { class: 'choice', role: 'group', 'aria-label': label },
    ...options.map(([text, href, isCurrent]) => h('a', { href, 'aria-current': isCurrent && 'page' }, text)),
  )
}

/** A dev server on HTTP/1.1 has six connections for this page, so the calls take turns. */
async function callAll() {
  const waiting = [...made]
  const next = async () => {
    for (let card; (card = waiting.shift());) await card.call()
  }
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, next))
}

function onState(id, state) {
  states.set(id, state)
  const count = (wanted) => [...states.values()].filter((each) => each === wanted).length
  const failed = count('failed')
  tally.textContent = `${count('ok')} of ${cards.length} calls answered${failed ? `, ${failed} failed` : ''}`
}
