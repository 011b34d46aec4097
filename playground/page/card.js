import { h } from './dom.js'

const STATE_WORDS = { idle: 'not called yet', running: 'under way', ok: 'answered', failed: 'failed' }

/**
 * One call: its request line, what came of it, how long it took, and the code that made it. `run` draws into `result`
 * and returns the HTTP status, if it knows one.
 */
export function createCard({ id, title, text, client, way, method, url, source, run }, { onState }) {
  const state = h('span', { class: 'state', role: 'status' })
  const status = h('span', { class: 'status' })
  const time = h('span', { class: 'time' })
  const result = h('div', { class: 'result' })
  const code = h('pre', { class: 'code', tabindex: '0', hidden: true }, source.trim())
  const codeButton = h('button', { class: 'quiet', 'aria-expanded': 'false', onclick: toggleCode }, 'Code')
  const runButton = h('button', { onclick: () => call() }, 'Again')

  const element = h(
    'article',
    { class: 'card', id: `card-${id}` },
    h(
      'header',
      {},
      h('div', { class: 'tags' }, h('span', {}, client), h('span', {}, way)),
      h('h2', {}, title),
      h('p', { class: 'text' }, text),
      h('p', { class: 'line' }, h('b', {}, method), ' ', ...requestLine(url)),
    ),
    result,
    code,
    h('footer', {}, state, status, time, h('span', { class: 'buttons' }, codeButton, runButton)),
  )

  let current = new AbortController()
  set('idle')
  return { id, element, call }

  async function call() {
    current.abort()
    const mine = (current = new AbortController())
    result.replaceChildren()
    status.textContent = ''
    time.textContent = ''
    set('running')
    const startedAt = performance.now()
    try {
      const answer = await run({ result, signal: mine.signal, fail })
      if (mine.signal.aborted) return
      status.textContent = answer?.status ?? ''
      finish('ok')
    } catch (error) {
      if (!mine.signal.aborted) fail(error)
    }

    function finish(outcome) {
      time.textContent = duration(performance.now() - startedAt)
      set(outcome)
    }

    /** Also for what breaks after a call had succeeded, such as a socket. */
    function fail(error) {
      if (mine.signal.aborted) return
      status.textContent = error.status ?? error.response?.status ?? ''
      result.replaceChildren(failure(error))
      finish('failed')
    }
  }

  function set(outcome) {
    element.dataset.state = outcome
    state.textContent = STATE_WORDS[outcome]
    onState(id, outcome)
  }

  function toggleCode() {
    code.hidden = !code.hidden
    result.hidden = !code.hidden
    codeButton.setAttribute('aria-expanded', String(!code.hidden))
    codeButton.textContent = code.hidden ? 'Code' : 'Result'
  }
}

function failure(error) {
  const [label, hint] = explain(error)
  return h(
    'div',
    { class: 'failure' },
    h('p', { class: 'label' }, label),
    h('p', { class: 'message' }, `${error.name}: ${error.message}`),
    h('p', { class: 'quiet' }, hint),
  )
}

function explain(error) {
  if ((error.status ?? error.response?.status) !== undefined) return ['The server answered', '']
  if (error instanceof SyntaxError) {
    return ['The answer is no JSON', 'It is the dev server’s own page: nothing carries this path to the API.']
  }
  return ['All that the script is told', 'Why, only the console says.']
}

function requestLine(url) {
  if (!/^\w+:/.test(url)) return [url]
  const { protocol, host, pathname } = new URL(url)
  return [h('span', { class: 'origin' }, `${protocol}//${host}`), pathname === '/' ? '' : pathname]
}

function duration(milliseconds) {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`
}
