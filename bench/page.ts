/** What a page's same-origin call carries, byte for byte as Chromium sends it; every contestant gets the same. */
import { type IncomingHttpHeaders, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'

export interface Page {
  /** `http://localhost:5173` */
  origin: string
  /** The session, where the contestant gave one; something as long where it did not. */
  cookie: string
}

const BROWSER = {
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'sec-ch-ua': '"Chromium";v="142", "Not_A Brand";v="99"',
  'sec-ch-ua-mobile': '?0',
  'sec-ch-ua-platform': '"Linux"',
  'accept-encoding': 'gzip, deflate, br, zstd',
  'accept-language': 'en-US,en;q=0.9',
}

const NO_SESSION = 'session_of_the_app=0123456789abcdefghijkl.0123456789abcdefghijkl'

/** Opens the page as one types its address, and keeps the cookies that come with it. */
export async function openPage(origin: string): Promise<Page> {
  const { headers, text } = await get(origin, '/', {
    accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'sec-fetch-site': 'none',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-user': '?1',
    'sec-fetch-dest': 'document',
  })
  const cookies = (headers['set-cookie'] ?? []).map((line) => line.split(';', 1)[0])
  const page: Page = { origin, cookie: cookies.join('; ') || NO_SESSION }
  for (const [, type, src] of text.matchAll(/<script([^>]*) src="(\/[^"]+)"/g)) {
    const mode = type?.includes('module') ? 'cors' : 'no-cors'
    await get(origin, src ?? '', { ...callHeaders(page), 'sec-fetch-mode': mode, 'sec-fetch-dest': 'script' })
  }
  return page
}

const PATIENCE = 20_000

function get(
  origin: string,
  path: string,
  headers: Record<string, string>,
): Promise<{ headers: IncomingHttpHeaders; text: string }> {
  const { protocol, port, host } = new URL(origin)
  const request = protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const options = {
      ...{ host: '127.0.0.1', port, path, agent: false as const, rejectUnauthorized: false },
      headers: { host, ...BROWSER, ...headers, 'accept-encoding': 'identity' },
    }
    request(options, (response) => {
      let text = ''
      response.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ headers: response.headers, text }))
      response.on('error', reject)
    })
      .on('error', reject)
      .setTimeout(PATIENCE, () => reject(new Error(`${path} did not come`)))
      .end()
  })
}

/** Header fields of a page's same-origin call. */
export function callHeaders({ origin, cookie }: Page, method = 'GET'): Record<string, string> {
  return {
    ...BROWSER,
    accept: '*/*',
    ...(method !== 'GET' && method !== 'HEAD' && { origin }),
    'sec-fetch-site': 'same-origin',
    'sec-fetch-mode': 'cors',
    'sec-fetch-dest': 'empty',
    referer: `${origin}/`,
    cookie,
  }
}

/** A call as it goes over the wire. */
export function requestBytes(
  page: Page,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): string {
  const lines = Object.entries({
    host: new URL(page.origin).host,
    connection: 'keep-alive',
    ...callHeaders(page, method),
    ...headers,
  })
  return [`${method} ${path} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n')
}
