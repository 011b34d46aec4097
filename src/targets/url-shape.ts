import { isLoopbackHost } from './address'

/** Names that are written as URLs and lead to no API. */
const IDENTIFIER_HOSTS =
  /(?:^|\.)(?:w3\.org|schema\.org|json-schema\.org|xmlsoap\.org|opengis\.net|openxmlformats\.org|purl\.org|xmlns\.com|ogp\.me|creativecommons\.org|topografix\.com|microformats\.org|relaxng\.org|whatwg\.org|spdx\.org)$/
const PLACES_FOR_PEOPLE =
  /^(?:www|docs?|developers?|help|support|blog|wiki|learn|forum|community|status|about)\.|(?:^|\.)(?:github\.com|gitlab\.com|bitbucket\.org|twitter\.com|x\.com|t\.me|facebook\.com|linkedin\.com|instagram\.com|youtube\.com|youtu\.be|youtube-nocookie\.com|medium\.com|discord\.gg|stackoverflow\.com|npmjs\.com|wikipedia\.org|mozilla\.org|reddit\.com|doi\.org)$/
const FILES_HOSTS =
  /^(?:cdn|static|assets?|fonts?|images?|img|media|unpkg|esm|cdnjs)\.|(?:^|\.)(?:unpkg\.com|jsdelivr\.net|cdnjs\.cloudflare\.com|esm\.sh|gstatic\.com|googletagmanager\.com|google-analytics\.com)$/
const API_LABEL =
  /(?:^|[.-])(?:(?:rest|graph|geo)?apis?|api\d|graphql|gql|rpc|ws|wss|gateway|backend|ingest|rest)(?=[.-]|$)|[.-]?hereapi\.|api\.com$/
const API_PATH =
  /\/(?:(?:rest|web|json)?apis?|graphql|gql|rpc|rest|oembed|wms|wfs|wmts|ows|query|xrpc)(?=[/?.]|$)|\/v\d+(?:\.\d+)*(?:beta\d*|alpha\d*)?(?=[/?]|$)|\.(?:json|geojson|topojson|csv|ndjson|kml|gpx|dae|gltf|glb)(?=[?{]|$)|\.php(?=\?|$)/i
const FILE_PATH =
  /\.(?:m?js|css|png|jpe?g|gif|svg|webp|avif|ico|woff2?|ttf|otf|mp[34]|webm|og[gv]|mov|m4a|wav|pdf|html?|xhtml|md|zip|gz|git|exe|dmg)(?=[?#]|$)/i
const FILE_FOLDER = /\/(?:images?|img|icons?|fonts?|avatars?|css|assets)\//i
/** Raster tiles, which maps load as images. */
const RASTER_TILES = /\{z\}.*\{x\}|\{x\}.*\{z\}/

const NOTHING_TO_CALL = -100

/** How much a URL by itself looks like that of an API: above 0 it does, below it does not. */
export function scoreShape(url: URL, written: string): number {
  const { protocol, hostname, port, pathname, hash } = url
  if (/^wss?:$/.test(protocol)) return 4
  if (IDENTIFIER_HOSTS.test(hostname)) return NOTHING_TO_CALL
  let score = 0
  if (isLoopbackHost(hostname)) score += port === '' ? 0 : 2
  if (API_LABEL.test(hostname)) score += 2
  if (API_PATH.test(decode(pathname) + url.search)) score += 2
  if (FILE_PATH.test(pathname)) score -= 4
  if (RASTER_TILES.test(written) && !/\.(?:pbf|mvt|json)/.test(written)) return NOTHING_TO_CALL
  if (FILE_FOLDER.test(pathname)) score -= 2
  if (FILES_HOSTS.test(hostname)) score -= 2
  if (PLACES_FOR_PEOPLE.test(hostname)) score -= 1
  if (hash !== '') score -= 2
  return score
}

function decode(path: string): string {
  return path.replaceAll('%7B', '{').replaceAll('%7D', '}')
}

/** Whether nothing stands behind the host: what a client is given to put paths behind. */
export function isBareOrigin({ pathname, search, hash }: URL): boolean {
  return pathname === '/' && search === '' && hash === ''
}
