import { trimTabsAndSpaces } from './headers'

/** https://fetch.spec.whatwg.org/#redirect-status */
export function isRedirectStatus(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}

/** Names and values, one entry a line; names in any case. */
type Lines = readonly (readonly [name: string, value: string])[]

/** The values of `Location`, one a line. */
export function locations(headers: Lines): string[] {
  const values: string[] = []
  for (const [name, value] of headers) {
    if (name.length === 8 && name.toLowerCase() === 'location') values.push(trimTabsAndSpaces(value))
  }
  return values
}

/**
 * https://fetch.spec.whatwg.org/#concept-response-location-url of a response with a redirect status.
 *
 * @param values its {@link locations}
 * @returns `null` where there is none, `failure` where it is no URL
 */
export function locationUrl(values: readonly string[], url: URL): URL | 'failure' | null {
  // 2. Let location be the result of extracting header list values given `Location`: more than one line is failure.
  const [location] = values
  if (location === undefined) return null
  return values.length > 1 ? 'failure' : parseLocation(location, url)
}

/**
 * What Chromium makes of it: an empty one is none, and lines that say the same are one. A relative one has no user name and
 * password to inherit, since the request has gone without them.
 */
export function locationUrlOfChromium(values: readonly string[], url: URL): URL | 'failure' | 'several' | null {
  if (values.some((value) => value !== values[0])) return 'several'
  const location = values.find((value) => value !== '')
  return location === undefined ? null : parseLocation(location, withoutCredentials(url))
}

function parseLocation(value: string, url: URL): URL | 'failure' {
  // Bytes beyond ASCII stay the bytes they are, whatever text they were meant to be.
  const location = value.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`)
  // 3. Set location to the result of parsing location with response's URL.
  const parsed = URL.parse(location, url)
  if (parsed === null) return 'failure'
  // 4. If location is a URL whose fragment is null, then set location's fragment to requestFragment.
  if (url.hash !== '' && !location.includes('#')) parsed.hash = url.hash
  return parsed
}

/** https://url.spec.whatwg.org/#include-credentials */
export function includesCredentials(url: URL): boolean {
  return url.username !== '' || url.password !== ''
}

export function withoutCredentials(url: URL): URL {
  if (!includesCredentials(url)) return url
  const bare = new URL(url)
  bare.username = ''
  bare.password = ''
  return bare
}

/** https://fetch.spec.whatwg.org/#request-body-header-name */
const REQUEST_BODY_HEADERS = new Set(['content-encoding', 'content-language', 'content-location', 'content-type'])

/** https://fetch.spec.whatwg.org/#http-redirect-fetch, where it changes the request: what the next one is. */
export function redirectedRequest(
  { method, headers }: { method: string; headers: Lines },
  status: number,
  isCrossOrigin: boolean,
): { method: string; headers: Lines; dropsBody: boolean } {
  // 12. 301 and 302 to a POST, and 303 to anything but GET and HEAD, go on as GET without a body.
  const dropsBody =
    ((status === 301 || status === 302) && method === 'POST') ||
    (status === 303 && method !== 'GET' && method !== 'HEAD')
  // 13. To another origin: remove the CORS non-wildcard request-header names.
  const dropsAuthorization = isCrossOrigin
  if (!dropsBody && !dropsAuthorization) return { method, headers, dropsBody }
  return {
    method: dropsBody ? 'GET' : method,
    headers: headers.filter(([name]) => {
      const key = name.toLowerCase()
      return !(dropsBody && REQUEST_BODY_HEADERS.has(key)) && !(dropsAuthorization && key === 'authorization')
    }),
    dropsBody,
  }
}
