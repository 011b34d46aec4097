/**
 * What a name says about the URL that stands under it: that it is called (`apiUrl`), that it is not (`logoUrl`), or only
 * that it is one (`url`).
 */
export type NameHint = 'called' | 'not-called' | 'url'

const set = (words: string): ReadonlySet<string> => new Set(words.split(/\s+/))

const CALLED = set(
  `api apis endpoint endpoints graphql gql rpc jsonrpc rest ws wss websocket websockets socket sockets sse backend
   server servers gateway gateways relays dsn ingest fetch request requests http https ajax webhook service services
   trpc grpc odata supabase pocketbase appwrite hasura wms wfs wmts oembed tileset signaling
   telemetry beacon collector microservice axios proxy remote`,
)
const NOT_CALLED = set(
  `href link links homepage website websites site docs doc documentation help support privacy terms policy license
   licence copyright credit credits attribution namespace namespaces ns xmlns xmlnamespace schema schemas context id
   image images img imgs icon icons logo logos avatar avatars poster thumbnail thumbnails thumb picture photo photos
   background backgrounds bg banner cover favicon cdn script scripts src sdk iframe embed video videos audio font fonts
   css stylesheet stylesheets asset assets placeholder example examples sample samples canonical repo repository
   github twitter facebook linkedin instagram youtube tiktok discord slack telegram whatsapp social share redirect
   redirects callback referrer referer author bugs issue issues changelog blog explorer explorers page pages appstore
   polyfill tile tiles title description message text label comment html profile authorize see about contact faq forum
   community tutorial tutorials readme guide manual more learn portfolio resume demo preview download downloads
   sponsor donate funding news legal imprint status issuer audience allowed whitelist allowlist blocklist denylist
   trusted origins regex pattern prefix prefixes protocol mime hrefs basemap basemaps texture textures library lib libs`,
)
/** Of what is loaded from a URL, if the name says that it is one: `geoJsonUrl`; `json` alone is the data itself. */
const LOADED = set('json geojson topojson csv tsv ndjson data dataset feed')
const URL_LIKE = set(
  `url urls uri uris host hosts hostname hostnames domain domains base root origin address target source
   sources feed stream search location prefix path`,
)

/** `API_BASE_URL`, `apiBaseUrl`, `api-base-url` → `api`, `base`, `url` */
export function wordsOf(name: string): string[] {
  return name
    .replace(/graph[-_]?ql/gi, '-graphql-')
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .map((word) => word.replace(/\d+$/, ''))
    .filter((word) => word !== '')
}

export function hintOf(name: string): NameHint | undefined {
  const words = wordsOf(name)
  const has = (list: ReadonlySet<string>): boolean => words.some((word) => list.has(word))
  const last = words.at(-1) ?? ''
  // `baseURL` is what axios and its like call it.
  const isBase =
    words.some((word) => word === 'baseurl' || word === 'baseuri') || /\bbase (?:ur[li]|path)\b/.test(words.join(' '))
  // `apiDocs` is documentation, `docsApi` an API: the last word that says something counts.
  for (const word of [...words].reverse()) {
    if (CALLED.has(word)) return 'called'
    if (NOT_CALLED.has(word)) return words.includes('api') && last !== word ? 'called' : 'not-called'
  }
  if (isBase || (has(LOADED) && /^(?:ur[li]s?|endpoint)$/.test(last))) return 'called'
  return has(URL_LIKE) ? 'url' : undefined
}

/** What a function does with a URL that it is given. */
export type CalleeHint =
  /** Calls it. */
  | 'calls'
  /** Does something else with it: compares, shows, opens, loads a script. */
  | 'uses'
  /** Gives it back, perhaps with more behind it: `new URL(…)`, `joinURL(…)`, `ref(…)`. */
  | 'passes'

const CALLERS = set(
  `fetch ofetch request req xhr http https axios ky got superagent wretch ajax socket websocket eventsource io
   connect subscribe beacon rpc graphql gql query client api apis resource upload download poll stream json csv tsv
   geojson wms wfs wmts topojson fetcher loader service provider transport`,
)
/** Whatever else is in a name with one of these: `HttpLink`, `fetchScript`. */
const TELLING = set('fetch request http ws websocket graphql api client')
const VERBS = set('get post put patch delete del head options load create open')
/** What has verbs for methods that call. */
const CLIENTS = set(
  `axios http https ky got api apis client request req fetch fetcher superagent instance service wretch rest jquery
   loader resource provider`,
)
const USERS = set(
  `jsonp warn error log info debug trace assert invariant expect equal equals test match includes startswith endswith indexof
   lastindexof search split is throw t i18n translate trans gettext msg navigate redirect goto assign pushstate
   replacestate importscripts require link links script scripts stylesheet css image img audio video font icon regexp
   encodeuricomponent setattributens getattributens createelementns createns hasattributens postmessage describe it
   namespace copy write writetext alert confirm prompt message title text html markdown sanitize validate
   credit share popup window browser external iframe embed`,
)
const PASSERS = set(
  `url uri urls string join normalize concat format ref useref shallowref signal state usestate observable writable
   readable freeze encodeuri trim replace slice tostring tolowercase append build resolve with atom unref memo usememo
   computed derived`,
)

/** @param chain names from the outside in: `this`, `http`, `get` */
export function calleeHintOf(
  chain: readonly string[],
  argument: number,
  isConstructed: boolean,
): CalleeHint | undefined {
  const name = chain.at(-1)
  if (name === undefined) return undefined
  const words = wordsOf(name)
  const compact = name.replace(/^[_$]+/, '').toLowerCase()
  const owner = chain.at(-2) ?? ''
  const ownerWords = wordsOf(owner)

  if (isConstructed && compact === 'url') return 'passes'
  // Maps have sources of all kinds, and load them.
  if (isConstructed && words.at(-1) === 'source') return 'calls'
  if (owner === 'console' || /(?:Error|Exception|Warning)$/.test(name)) return 'uses'
  if (compact === 'open') {
    // `XMLHttpRequest.open(method, url)`; `window.open(url)` and `open(url)` show it.
    return argument === 1 ? 'calls' : 'uses'
  }
  if ((name === '$' || /^jquery$/i.test(owner) || owner === '$') && /^(?:ajax|get|post|getjson)$/.test(compact))
    return 'calls'
  if (compact === 'replace') return 'uses'
  if (compact === 'push') return /rout|navig|histor|location/i.test(owner) ? 'uses' : undefined
  if (USERS.has(compact) || words.some((word) => USERS.has(word) && word !== 'search')) {
    return words.some((word) => TELLING.has(word)) ? 'calls' : 'uses'
  }
  const isOfClient = ownerWords.some((word) => CLIENTS.has(word)) || owner === '$'
  if (VERBS.has(compact)) return isOfClient ? 'calls' : undefined
  if (words[0] === 'create' && isOfClient) return 'calls'
  const isAddress = argument <= 1
  if ((isAddress && words.some((word) => CALLERS.has(word))) || ownerWords.some((word) => word === 'fetcher'))
    return 'calls'
  if (isAddress && (words.some((word) => PASSERS.has(word)) || PASSERS.has(compact))) return 'passes'
  return undefined
}
