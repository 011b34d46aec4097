import type { Case, Observation, Origins } from './case'

/** Where two runs part: the path into the observation, and what stands there on each side. */
export interface Difference {
  path: string
  direct: unknown
  relayed: unknown
}

interface Known {
  /** As the README tells it. */
  what: string
  covers: (difference: Difference, given: Case) => boolean
}

/**
 * Where the platform gives no way to be identical, or the dev server does better not to be: the README's list of
 * differences, each told as it is told there. Nothing else may differ.
 */
export const KNOWN: readonly Known[] = [
  {
    what: 'Answers carry the headers that keep them from running on the dev server as documents and scripts.',
    covers: ({ path, direct }) =>
      direct === undefined &&
      /headers\.(content-security-policy|cross-origin-resource-policy|x-content-type-options)$/.test(path),
  },
  {
    what: 'Unsafe methods, beacons and sockets tell a server its own origin, so that it does not refuse a stranger.',
    covers: ({ path, relayed }, { call }) =>
      /^server\.\d+\.headers\.(origin|referer)$/.test(path) &&
      /^http:\/\/(api|other)\b/.test(String(relayed)) &&
      !('method' in call && /^(get|head)$/i.test(call.method)),
  },
  {
    what: 'A request without a body says so by `Content-Length: 0` for some more methods than POST and PUT.',
    covers: ({ path, direct, relayed }) =>
      path.endsWith('headers.content-length') && path.startsWith('server') && direct === undefined && relayed === '0',
  },
  {
    what: 'A redirect to an origin that is no target is seen to come from the page itself.',
    covers: ({ path, direct }, { answers }) =>
      answers.at(-1)!.at === 'third' &&
      ((/^server\.\d+\.headers\.origin$/.test(path) && direct === 'null') ||
        /^call \d+\.(response|clone)\.type$/.test(path)),
  },
  {
    what: 'Of a Referer the server is told the origin.',
    covers: ({ path }, { call }) =>
      call.api === 'fetch' && call.init.referrerPolicy === 'unsafe-url' && /^server\.\d+\.headers\.referer$/.test(path),
  },
  {
    what: 'A redirect from one target to another is not kept in the cache, nor is what it leads to.',
    covers: ({ path }, { call, answers, times }) => {
      const isTwice = call.api === 'fetch' && /^(reused|clone-before)/.test(call.input)
      const isCross = (isTwice || times > 1) && new Set(answers.map(({ at }) => at)).size > 1
      // Of what it has whole, the cache gives the range that was asked for.
      const isRange = 'headers' in call && call.headers.some(([name]) => /^range$/i.test(name))
      // What comes out of the cache has lost its hop-by-hop fields and its challenge.
      return (
        isCross &&
        // The first call comes from the cache only where it asks twice by itself.
        (isTwice || !path.startsWith('call 0.')) &&
        (isRange ||
          /^server|^call \d\.(response|result)\.headers\.(connection|keep-alive|transfer-encoding|www-authenticate)$/.test(
            path,
          ))
      )
    },
  },
  {
    what: 'The origin of a message is that of the first target where an event stream is redirected.',
    covers: ({ path, direct, relayed }, { call }) =>
      call.api === 'event-source' &&
      /^call \d+\.events\.\d+$/.test(path) &&
      String(direct).replace(/ http:\/\/(other|third)$/, ' http://api') === relayed,
  },
  {
    what: 'A read that is answered 403 is made once more in the name of the target itself.',
    covers: ({ path }, { call, answers }) =>
      path.startsWith('server') &&
      answers.at(-1)!.status === 403 &&
      'method' in call &&
      (/^(get|head)$/i.test(call.method) || answers.some(({ status }) => status >= 301 && status <= 303)),
  },
  {
    what: 'A stream that a Request carries is gathered first, and can be sent again where a redirect leads.',
    covers: ({ path }, { call, answers }) =>
      call.api === 'fetch' &&
      call.body === 'stream' &&
      /request/.test(call.input) &&
      (answers.slice(0, -1).some(({ status }) => status !== 303) ||
        /^server\.\d+\.headers\.content-length$/.test(path)),
  },
  {
    what: 'A stream is read also where no API can be connected to.',
    covers: ({ path, direct }, { call, answers }) =>
      call.api === 'fetch' &&
      (call.body === 'stream' || call.input === 'init-is-request') &&
      answers.some(({ at }) => at === 'down') &&
      /^call \d+\.requestUsed$/.test(path) &&
      direct === false,
  },
  {
    what: 'The `priority` of a Request can not be read, so the relayed one has none.',
    covers: ({ path }, { call }) =>
      call.api === 'fetch' &&
      call.init.priority !== undefined &&
      /request/.test(call.input) &&
      /^server\.\d+\.headers\.priority$/.test(path),
  },
  {
    what: 'A cookie that a browser would refuse is kept for its own target, and that is said.',
    covers: ({ path, relayed }) => path.endsWith('headers.cookie') && /__Host-e=5/.test(String(relayed)),
  },
  {
    what: 'An error in reading what did not come through the relay has frames of the runtime on top.',
    covers: ({ path }, { call, answers }) =>
      /readError\.frames/.test(path) &&
      (answers.at(-1)!.at === 'third' || (call.api === 'fetch' && call.init.mode === 'no-cors')),
  },
  {
    what: 'An XHR that fails tells its upload so without a body, too, as within an origin.',
    covers: ({ path, direct }) => /^call \d+\.bodiless\.\d+$/.test(path) && direct === undefined,
  },
  {
    what: 'A document that an XHR parses has the relayed URL for its own.',
    covers: ({ path }, { call }) => call.api === 'xhr' && /\.(xml|response)\.URL$/.test(path),
  },
  {
    what: 'A call without CORS goes directly, to a server that here allows nobody to time it.',
    covers: ({ path, relayed }, { call }) =>
      call.api === 'fetch' && call.init.mode === 'no-cors' && /^timing\.\d+\.\w+$/.test(path) && relayed === 0,
  },
  {
    what: 'Resource timing tells how a beacon was answered, which across origins it would not.',
    covers: ({ path, direct }, { call }) =>
      call.api === 'beacon' && /^timing\.\d+\.(responseStatus|decodedBodySize)$/.test(path) && direct === 0,
  },
]

export function compare(given: Case, direct: Observation, relayed: Observation): Difference[] {
  const differences: Difference[] = []
  diff('', direct, relayed, differences)
  return differences.filter((difference) => !KNOWN.some(({ covers }) => covers(difference, given)))
}

function diff(path: string, direct: unknown, relayed: unknown, into: Difference[]): void {
  if (Object.is(direct, relayed)) return
  if (!isObject(direct) || !isObject(relayed) || Array.isArray(direct) !== Array.isArray(relayed)) {
    into.push({ path, direct, relayed })
    return
  }
  for (const key of new Set([...Object.keys(direct), ...Object.keys(relayed)]))
    diff(path ? `${path}.${key}` : key, direct[key], relayed[key], into)
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** Names for what is another in each run: addresses, boundaries, the time. Header lines become a record, to be told apart. */
export function normalize(observation: Observation, origins: Origins): Observation {
  let text = JSON.stringify(observation)
  for (const [name, origin] of Object.entries(origins)) {
    text = text.replaceAll(origin, `http://${name}`).replaceAll(origin.replace('http', 'ws'), `ws://${name}`)
  }
  text = text
    .replace(/----WebKitFormBoundary\w+/g, 'boundary')
    .replace(/\w{3}, \d\d \w{3} 20[2-9][1-9] [\d:]{8} GMT/g, 'now')
  return JSON.parse(text, (key, value: unknown) => {
    if (!Array.isArray(value)) return value
    if (key === 'observed') return value.sort()
    return key === 'headers' ? byName(value) : value
  }) as Observation
}

function byName(lines: unknown[]): Record<string, string> {
  const record: Record<string, string> = {}
  for (const line of lines) {
    const [name, value] = Array.isArray(line) ? (line as [string, string]) : String(line).split(/: (.*)/s)
    if (name) record[name] = [record[name], value].filter((part) => part !== undefined).join(' | ')
  }
  return record
}
