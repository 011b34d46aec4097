import { h } from './dom.js'

/** The API servers, each with a switch: a page should also be seen when one of its APIs is down. */
export function createApiStrip(hubUrl, way) {
  const list = h('ul', { class: 'apis' })
  const element = h(
    'section',
    { class: 'wire', 'aria-label': 'The way of a call' },
    h('div', { class: 'end' }, h('b', {}, 'this page'), h('code', {}, location.host)),
    h('div', { class: 'hop' }, h('span', {}, way === 'through' ? 'through the dev server' : 'direct')),
    list,
  )
  show()
  return element

  async function show(change) {
    const response = await fetch(`${hubUrl}/apis${change ?? ''}`, { method: change ? 'POST' : 'GET' })
    const apis = await response.json()
    list.replaceChildren(
      ...apis.map(({ name, title, url, isRunning }) =>
        h(
          'li',
          { 'data-api': name },
          h('span', {}, h('b', {}, title), h('code', {}, new URL(url).host)),
          h('button', {
            role: 'switch',
            'aria-checked': String(isRunning),
            'aria-label': `${title} is running`,
            title: isRunning ? 'Stop it' : 'Start it',
            onclick: () => show(`/${name}/${isRunning ? 'stop' : 'start'}`),
          }),
        ),
      ),
    )
  }
}
