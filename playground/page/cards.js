import { ACCOUNTS_URL, ANSWERS_URL, BOX_OFFICE_URL, CHAT_URL, FILMS_URL, UPLOADS_URL } from 'addresses'
import { h } from './dom.js'
import { countReels } from './calls/archive.js'
import archiveSource from './calls/archive.js?raw'
import { streamAnswer } from './calls/answer-events.js'
import answerEventsSource from './calls/answer-events.js?raw'
import { askForAnswer } from './calls/answer-lines.js'
import answerLinesSource from './calls/answer-lines.js?raw'
import { enterChat } from './calls/chat.js'
import chatSource from './calls/chat.js?raw'
import { filmsByDecade } from './calls/decades.js'
import decadesSource from './calls/decades-worker.js?raw'
import { bestFilms } from './calls/films.js'
import filmsSource from './calls/films.js?raw'
import { logIn, whoAmI } from './calls/login.js'
import loginSource from './calls/login.js?raw'
import { rateFilm } from './calls/rating.js'
import ratingSource from './calls/rating.js?raw'
import { followSales } from './calls/sales.js'
import salesSource from './calls/sales.js?raw'
import { buyTicket } from './calls/tickets.js'
import ticketsSource from './calls/tickets.js?raw'
import { uploadFile } from './calls/upload.js'
import uploadSource from './calls/upload.js?raw'
import { countVisit } from './calls/visits.js'
import visitsSource from './calls/visits.js?raw'

const PATH_ROUTE = 'path route'
const ABSOLUTE = 'absolute URL'
const UPLOAD_BYTES = 24 * 1024 * 1024

export const cards = [
  {
    id: 'films',
    title: 'Film library',
    text: 'Plain JSON from json-server, called as code written for a dev proxy calls it.',
    client: 'fetch',
    way: PATH_ROUTE,
    method: 'GET',
    url: '/api/films',
    source: filmsSource,
    async run({ result }) {
      const { status, films } = await bestFilms()
      result.append(h('ol', { class: 'films' }, ...films.map(filmRow)))
      return { status }
    },
  },
  {
    id: 'rating',
    title: 'Rate a film',
    text: 'A PATCH with JSON and Authorization: a browser sends a preflight first, and json-server has no answer to it.',
    client: 'axios',
    way: ABSOLUTE,
    method: 'PATCH',
    url: `${FILMS_URL}/api/films/15`,
    source: ratingSource,
    async run({ result, signal }) {
      const stars = h('div', { class: 'stars', role: 'group', 'aria-label': 'Your rating' })
      const seen = h('p', { class: 'quiet' })
      const rate = async (count) => {
        const { status, film } = await rateFilm(15, count * 2)
        if (signal.aborted) return { status }
        stars.replaceChildren(
          ...[1, 2, 3, 4, 5].map((star) =>
            h(
              'button',
              {
                class: star * 2 <= film.rating ? 'star on' : 'star',
                'aria-label': `${star} of 5`,
                onclick: () => rate(star).catch((error) => (seen.textContent = `${error.name}: ${error.message}`)),
              },
              '★',
            ),
          ),
        )
        seen.textContent = `${film.title} (${film.year}) now stands at ${film.rating} of 10.`
        return { status }
      }
      const answer = await rate(5)
      result.append(stars, seen)
      return answer
    },
  },
  {
    id: 'answer-events',
    title: 'An answer, as events',
    text: 'Server-sent events: each word is shown when it arrives.',
    client: 'EventSource',
    way: ABSOLUTE,
    method: 'GET',
    url: `${ANSWERS_URL}/v1/answers`,
    source: answerEventsSource,
    async run({ result, signal }) {
      const { write, end } = writing(result)
      const { tokens } = await streamAnswer('What should I watch tonight?', write, signal)
      end(`${tokens} events`)
      return { status: 200 }
    },
  },
  {
    id: 'answer-lines',
    title: 'An answer, as lines',
    text: 'The same by POST, read from the response’s stream as lines of JSON.',
    client: 'fetch, streaming',
    way: ABSOLUTE,
    method: 'POST',
    url: `${ANSWERS_URL}/v1/answers`,
    source: answerLinesSource,
    async run({ result, signal }) {
      const { write, end } = writing(result)
      const { status } = await askForAnswer('How did Ozu film?', write, signal)
      end()
      return { status }
    },
  },
  {
    id: 'chat',
    title: 'Chat',
    text: 'Socket.IO as it comes: HTTP polling first, then a WebSocket.',
    client: 'socket.io-client',
    way: ABSOLUTE,
    method: 'GET',
    url: `${CHAT_URL}/socket.io/`,
    source: chatSource,
    run: ({ result, signal, fail }) =>
      new Promise((resolve, reject) => {
        const log = h('div', { class: 'messages', 'aria-live': 'polite' })
        const form = h(
          'form',
          { class: 'say', onsubmit: say },
          h('input', { name: 'text', placeholder: 'Say something', autocomplete: 'off', 'aria-label': 'Message' }),
          h('button', {}, 'Send'),
        )
        let isIn = false
        const chat = enterChat({
          async onEnter() {
            result.replaceChildren(log, form)
            if (isIn) return
            isIn = true
            await chat.say('Good evening!')
            resolve({ status: 101 })
          },
          onMessage({ from, text }) {
            log.append(h('p', { class: from === 'you' ? 'message mine' : 'message' }, text))
            log.scrollTop = log.scrollHeight
          },
          onError(error) {
            // Once in, socket.io-client reconnects by itself.
            if (isIn) return
            chat.leave()
            reject(error)
          },
        })
        signal.addEventListener('abort', chat.leave)

        function say(event) {
          event.preventDefault()
          const { text } = form.elements
          if (text.value) chat.say(text.value).catch(fail)
          text.value = ''
        }
      }),
  },
  {
    id: 'login',
    title: 'Log in',
    text: 'Cookies with Domain, Secure, SameSite=None and a __Host- name, from another origin, and back to it.',
    client: 'fetch',
    way: ABSOLUTE,
    method: 'POST',
    url: `${ACCOUNTS_URL}/login`,
    source: loginSource,
    async run({ result }) {
      await logIn('Ada', 'popcorn')
      const { status, account } = await whoAmI()
      result.append(
        h(
          'div',
          { class: 'account' },
          h('span', { class: 'avatar' }, account.name[0]),
          h(
            'div',
            {},
            h('p', {}, h('strong', {}, account.name), ' is logged in'),
            h('p', { class: 'quiet' }, `/me got back ${account.cookies.join(' and ')}`),
          ),
        ),
        h('p', { class: 'quiet' }, `document.cookie of this page: “${document.cookie}”`),
      )
      return { status }
    },
  },
  {
    id: 'upload',
    title: 'Upload',
    text: '24 MB of random bytes, or a file of yours, with progress. The answer’s digest tells whether all arrived.',
    client: 'XMLHttpRequest',
    way: ABSOLUTE,
    method: 'PUT',
    url: `${UPLOADS_URL}/files/reel.bin`,
    source: uploadSource,
    async run({ result, signal }) {
      const bar = h('progress', { max: 1, value: 0 })
      const percent = h('span', { class: 'percent' }, '0 %')
      const digests = h('p', { class: 'quiet' })
      const picker = h('input', {
        type: 'file',
        'aria-label': 'A file of yours',
        onchange: () => send(picker.files[0]),
      })
      result.append(h('div', { class: 'upload' }, bar, percent), digests, picker)
      return send(randomFile('reel.bin', UPLOAD_BYTES))

      async function send(file) {
        const named = new File([file], file.name.replace(/[^\w.-]/g, '_'))
        const { status, stored } = await uploadFile(
          named,
          (part) => {
            bar.value = part
            percent.textContent = `${Math.round(part * 100)} %`
          },
          signal,
        )
        if (status !== 201) throw Object.assign(new Error(stored?.detail ?? 'not stored'), { status })
        const sent = await sha256(named)
        if (sent !== undefined && sent !== stored.sha256) throw new Error('what arrived is not what was sent')
        const size = (stored.bytes / 1024 / 1024).toFixed(1)
        digests.textContent = `${size} MB stored, SHA-256 ${stored.sha256.slice(0, 12)}…${sent ? ' as sent' : ''}`
        return { status }
      }
    },
  },
  {
    id: 'tickets',
    title: 'Buy a ticket',
    text: 'This server refuses any request whose Origin is not its own, so CORS headers alone would not help.',
    client: 'fetch',
    way: ABSOLUTE,
    method: 'POST',
    url: `${BOX_OFFICE_URL}/tickets`,
    source: ticketsSource,
    async run({ result }) {
      const { status, ticket } = await buyTicket('Playtime')
      result.append(
        h(
          'div',
          { class: 'ticket' },
          h('strong', {}, ticket.film),
          h('span', {}, `row ${ticket.row}`),
          h('span', {}, `seat ${ticket.seat}`),
          h('span', {}, ticket.price),
        ),
      )
      return { status }
    },
  },
  {
    id: 'sales',
    title: 'Sales, live',
    text: 'A WebSocket of the same server, which refuses foreign upgrades too.',
    client: 'WebSocket',
    way: ABSOLUTE,
    method: 'GET',
    url: `${BOX_OFFICE_URL.replace('http', 'ws')}/sales`,
    source: salesSource,
    run: ({ result, signal, fail }) =>
      new Promise((resolve, reject) => {
        const bars = h('div', { class: 'spark', role: 'img', 'aria-label': 'Tickets sold a minute' })
        const now = h('p', { class: 'quiet' })
        let count = 0
        followSales({
          onSale({ sold }) {
            if (count++ === 0) result.replaceChildren(bars, now)
            bars.append(h('i', { style: `height: ${sold}%` }))
            if (bars.childElementCount > 36) bars.firstElementChild.remove()
            now.textContent = `${sold} tickets a minute`
            if (count === 3) resolve({ status: 101 })
          },
          onError: (error) => (count ? fail(error) : reject(error)),
          signal,
        })
      }),
  },
  {
    id: 'decades',
    title: 'From a worker',
    text: 'A module worker fetches every film with a header of its own, and counts.',
    client: 'fetch in a Worker',
    way: ABSOLUTE,
    method: 'GET',
    url: `${FILMS_URL}/api/films`,
    source: decadesSource,
    async run({ result, signal }) {
      const { status, counts } = await filmsByDecade(signal)
      const most = Math.max(...counts.map(([, count]) => count))
      result.append(
        h(
          'div',
          { class: 'decades' },
          ...counts.map(([decade, count]) =>
            h(
              'div',
              {},
              h('i', { style: `height: ${(count / most) * 100}%` }, String(count)),
              h('span', {}, `’${String(decade).slice(2)}`),
            ),
          ),
        ),
      )
      return { status }
    },
  },
  {
    id: 'visits',
    title: 'Count a visit',
    text: 'A beacon with a JSON body, then the count.',
    client: 'sendBeacon, fetch',
    way: ABSOLUTE,
    method: 'POST',
    url: `${FILMS_URL}/api/visits`,
    source: visitsSource,
    async run({ result }) {
      const { status, visits } = await countVisit()
      result.append(h('p', { class: 'number' }, String(visits)), h('p', { class: 'quiet' }, 'visits so far'))
      return { status }
    },
  },
  {
    id: 'archive',
    title: 'An API that is down',
    text: 'Nobody started the archive. Through the plugin the answer is a problem document that says so.',
    client: 'fetch',
    way: PATH_ROUTE,
    method: 'GET',
    url: '/archive/reels',
    source: archiveSource,
    async run({ result }) {
      const { status, answer } = await countReels()
      result.append(
        answer.reels === undefined
          ? h(
              'div',
              { class: 'problem' },
              h('p', { class: 'message' }, `${status} ${answer.title}`),
              h('p', {}, answer.detail),
            )
          : h('p', { class: 'number' }, `${answer.reels} reels`),
      )
      return { status }
    },
  },
]

function filmRow(film) {
  return h(
    'li',
    {},
    h('span', { class: 'poster', style: `--from: ${film.colors[0]}; --to: ${film.colors[1]}` }),
    h('span', { class: 'title' }, film.title),
    h('span', { class: 'quiet' }, `${film.director}, ${film.year}`),
    h('span', { class: 'rating' }, film.rating.toFixed(1)),
  )
}

/** Text that is being written, and a measure of how it came: all at once or word by word. */
function writing(result) {
  const text = h('p', { class: 'answer', 'aria-live': 'polite' })
  const pace = h('p', { class: 'quiet' })
  const startedAt = performance.now()
  const arrivals = new Set()
  let first
  result.append(text, pace)
  return {
    write(word) {
      first ??= performance.now() - startedAt
      arrivals.add(Math.round(performance.now()))
      text.append(word)
    },
    end(what = 'lines') {
      text.classList.add('done')
      text.dataset.arrivals = arrivals.size
      pace.textContent = `first word after ${Math.round(first)} ms; ${what}, ${arrivals.size} arrivals`
    },
  }
}

function randomFile(name, size) {
  const bytes = new Uint8Array(size)
  for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536))
  return new File([bytes], name)
}

/** `undefined` where the page is no secure context, as on a phone in the LAN. */
async function sha256(file) {
  if (!crypto.subtle) return undefined
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
