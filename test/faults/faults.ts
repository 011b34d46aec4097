/**
 * What goes wrong between the dev server and an API, and what becomes of it. The tests try each row, and the README's
 * table under "Reliability" is this one.
 */
import type { Socket } from 'node:net'

export interface Fault {
  /** What happens, in the README's words. */
  what: string
  /**
   * - `failure`: a problem document with the code on a path route, a network error on the relay, a line in the terminal.
   * - `cut`: what has come is passed on, and then the answer breaks off, which the terminal says.
   * - `whole`: the answer is as whole as if nothing were wrong, and there is nothing to be said.
   * - `waits`: the page has what has come, and waits as long as it likes.
   */
  becomes: 'failure' | 'cut' | 'whole' | 'waits'
  /** What the terminal says; empty where it says nothing. */
  cause: string
  status?: number
  code?: string
  /** What the API does with a connection on which a request has come, in each way that this fault has. */
  ways: Record<string, (socket: Socket) => void>
  /** The API is asked by a route that waits only for moments. */
  impatient?: true
}

export const BODY = '0123456789'
const HEAD = 'HTTP/1.1 200 OK\r\nX-Answered-By: api\r\n'

/** Whole answers, by how their end is told. */
export const FRAMINGS = {
  'a length': `${HEAD}Content-Length: 10\r\n\r\n${BODY}`,
  'a length, on a connection that ends': `${HEAD}Connection: close\r\nContent-Length: 10\r\n\r\n${BODY}`,
  chunks: `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n`,
  'chunks, on a connection that ends': `${HEAD}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n`,
}

export const ENDS: Record<string, (socket: Socket) => void> = {
  closes: (socket) => socket.end(),
  resets: (socket) => socket.resetAndDestroy(),
}

/** Both ends after each of some beginnings. */
function breaksAfter(beginnings: Record<string, string>): Fault['ways'] {
  const ways: Fault['ways'] = {}
  for (const [place, bytes] of Object.entries(beginnings)) {
    for (const [how, end] of Object.entries(ENDS)) {
      ways[`${how} ${place}`] = (socket) => {
        if (bytes !== '') socket.write(bytes)
        end(socket)
      }
    }
  }
  return ways
}

const says = (bytes: string): ((socket: Socket) => void) => {
  return (socket) => void socket.write(bytes, 'latin1')
}

const saysAndCloses = (bytes: string): ((socket: Socket) => void) => {
  return (socket) => void socket.end(bytes, 'latin1')
}

const SECOND = `${HEAD}X-Second: yes\r\nContent-Length: 6\r\n\r\nSECOND`

/** One byte at a time, each in a packet of its own. */
function trickle(bytes: string): (socket: Socket) => void {
  return (socket) => {
    let at = 0
    const next = (): void => {
      if (at === bytes.length) socket.end()
      else socket.write(bytes.charAt(at++), () => setImmediate(next))
    }
    next()
  }
}

/** Never stops, unless somebody does. */
function flood(bytes: string): (socket: Socket) => void {
  const chunk = bytes.repeat(100)
  return (socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    }
    socket.on('drain', more)
    more()
  }
}

export const FAULTS = {
  head: {
    what: 'closes or resets the connection before its answer, in the status line or in the fields',
    becomes: 'failure',
    status: 502,
    code: 'reset',
    cause: 'closed the connection before its answer was complete',
    ways: breaksAfter({
      'before the status line': '',
      'in the status line': 'HTTP/1.1 2',
      'in a field': `${HEAD}Content-Le`,
      'before the empty line': `${HEAD}Content-Length: 10\r\n`,
    }),
  },
  body: {
    what: '… between head and body, in a chunk, between chunks, or in the body',
    becomes: 'cut',
    cause: 'closed the connection before its answer was complete',
    ways: {
      ...breaksAfter({
        'between head and body': `${HEAD}Content-Length: 10\r\n\r\n`,
        'in the body': `${HEAD}Content-Length: 10\r\n\r\n0123`,
        'in the body of a connection that ends': `${HEAD}Connection: close\r\nContent-Length: 10\r\n\r\n0123`,
        'in the size of a chunk': `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n6`,
        'in a chunk': `${HEAD}Transfer-Encoding: chunked\r\n\r\na\r\n0123`,
        'between chunks': `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n`,
        'in a chunk of a connection that ends': `${HEAD}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123`,
      }),
      'resets a body that ends with the connection': (socket) => {
        socket.write(`${HEAD}Connection: close\r\n\r\n0123`)
        socket.resetAndDestroy()
      },
    },
  },
  after: {
    what: '… after it',
    becomes: 'whole',
    cause: '',
    ways: {
      ...breaksAfter({ 'after a length': FRAMINGS['a length'], 'after the last chunk': FRAMINGS.chunks }),
      'closes, where that is the end of the body': saysAndCloses(`${HEAD}Connection: close\r\n\r\n${BODY}`),
    },
  },
  silent: {
    what: 'says nothing within `proxy.proxyTimeout`',
    becomes: 'failure',
    status: 504,
    code: 'timeout',
    cause: 'did not answer in time',
    impatient: true,
    ways: { 'takes the request': () => {}, 'stops in the head': says('HTTP/1.1 200 OK\r\nContent-') },
  },
  stalls: {
    what: 'stalls in the body',
    becomes: 'waits',
    cause: '',
    impatient: true,
    ways: {
      'after the head': says(`${HEAD}Content-Length: 10\r\n\r\n`),
      'in the body': says(`${HEAD}Content-Length: 10\r\n\r\n0123`),
      'in a chunk': says(`${HEAD}Transfer-Encoding: chunked\r\n\r\na\r\n0123`),
    },
  },
  trickles: {
    what: 'trickles, byte by byte',
    becomes: 'whole',
    cause: '',
    ways: {
      'a length': trickle(FRAMINGS['a length']),
      chunks: trickle(FRAMINGS.chunks),
    },
  },
  garbage: {
    what: 'speaks no HTTP, or sends a head of more than 64 KiB',
    becomes: 'failure',
    status: 502,
    code: 'invalid-response',
    cause: 'sent no valid HTTP response',
    ways: {
      'another protocol': says('SSH-2.0-OpenSSH_9.9\r\n'),
      'HTTP/0.9': says('<html>hello</html>'),
      'a frame of HTTP/2': says('\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x04\0\x01\0\0\0\x05\0\xff\xff\xff'),
      'a length that is no number': says(`${HEAD}Content-Length: ten\r\n\r\n${BODY}`),
      'one long field': says(`${HEAD}X-Long: ${'x'.repeat(70_000)}\r\n\r\n`),
      'fields without end': flood('X-Many: x\r\n'),
      'random bytes': says(Array.from({ length: 256 }, (_, byte) => String.fromCharCode(255 - byte)).join('')),
    },
  },
  interim: {
    what: 'sends interim responses (1xx) without end',
    becomes: 'failure',
    status: 502,
    code: 'invalid-response',
    cause: 'sends interim responses (1xx) without end',
    ways: {
      'Processing without end': flood('HTTP/1.1 102 Processing\r\n\r\n'),
      'Early Hints without end': flood('HTTP/1.1 103 Early Hints\r\nLink: </x.css>; rel=preload\r\n\r\n'),
    },
  },
  framing: {
    what: 'breaks its own framing in the body',
    becomes: 'cut',
    cause: 'sent no valid HTTP response',
    ways: {
      'a size that is no number': says(`${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\nzz\r\n`),
      'a size without end': says(`${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n${'f'.repeat(100)}`),
      'a chunk longer than its size': says(`${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\n0123456789\r\n`),
    },
  },
  tooMuch: {
    what: 'sends more than it announced, or a second answer',
    becomes: 'whole',
    cause: '',
    ways: {
      'more than its length': says(`${FRAMINGS['a length']}SECOND`),
      'a second answer': says(FRAMINGS['a length'] + SECOND),
      'a second answer behind chunks': says(FRAMINGS.chunks + SECOND),
      'a second answer on a connection that ends': saysAndCloses(
        FRAMINGS['a length, on a connection that ends'] + SECOND,
      ),
    },
  },
} satisfies Record<string, Fault>

/** What no single answer shows. Each has tests of its own, by this name. */
export const EVENTS = {
  refused: ['refuses: nothing listens', '502 `refused`', 'connection refused'],
  dns: [
    'has a name that is not found, or no resolver answers',
    '502 `dns`, and the answer once it is',
    'was not found',
  ],
  unreachable: ['is where no route leads', '502 `unreachable`, and the answer once one does', 'no route leads to'],
  expired: ['has a certificate that expired', '502 `tls`', 'has expired'],
  handshake: ['accepts connections, and shakes no hands for 10 s', '504 `timeout`', 'did not answer in time'],
  drops: [
    'drops a kept connection just as it is used',
    'a GET or HEAD without a body is asked once more; all else 502 `reset`, asked once',
    'as above',
  ],
  network: [
    'is gone with the network, and back',
    '502 or 504 while it is gone, open answers break off; then all as before',
    'as above',
  ],
} satisfies Record<string, [what: string, page: string, terminal: string]>

/** What happens on the page's side of it. */
export const DEPARTURES = {
  leaves: 'leaves in an upload, a download, an event stream or a WebSocket',
  restart: 'is cut off as the dev server restarts',
  crowd: 'makes 1,000 calls at once, or gives up 1,000 downloads',
} satisfies Record<string, string>

const PAGE: Record<Fault['becomes'], (fault: Fault) => string> = {
  failure: ({ status, code }) => `${status} \`${code}\``,
  cut: () => 'what has come, then the answer breaks off',
  whole: () => 'the answer, and nothing else',
  waits: () => 'what has come, and waits',
}

export function readmeTable(): string {
  const faults = Object.values<Fault>(FAULTS).map((fault) => [fault.what, PAGE[fault.becomes](fault), fault.cause])
  const rows = [
    ['the API …', 'the page is given', 'the terminal says'],
    ['-', '-', '-'],
    ...[...faults, ...Object.values<[string, string, string]>(EVENTS)],
  ]
  return rows.map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}
