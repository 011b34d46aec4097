/** What a page's same-origin call carries, byte for byte as Chromium sends it; every contestant gets the same. */
import { request as httpRequest } from 'node:http'
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
  const { protocol, port, host } = new URL(origin)
  const request = protocol === 'https:' ? httpsRequest : httpRequest
  const headers = {
    host,
    ...BROWSER,
    accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'sec-fetch-site': 'none',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-user': '?1',
    'sec-fetch-dest': 'document',
  }
  const options = { host: '127.0.0.1', port, path: '/', headers, agent: false as const, rejectUnauthorized: false }
  const lines = await new Promise<string[]>((resolve, reject) => {
    request(options, (response) => {
      response.resume()
      response.on('end', () => resolve(response.headers['set-cookie'] ?? []))
      response.on('error', reject)
    })
      .on('error', reject)
      .setTimeout(10_000, () => reject(new Error('the page did not come')))
      .end()
  })
  return { origin, cookie: lines.map((line) => line.split(';', 1)[0]).join('; ') || NO_SESSION }
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
