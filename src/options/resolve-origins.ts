import { DEFAULTS } from './defaults'
import { showValue } from './errors'
import type { Report } from './report'
import { withScheme } from './values'

export function resolveOrigins(raw: unknown, report: Report): string[] {
  if (!Array.isArray(raw)) {
    report(
      'CORS_DEV_ORIGIN',
      'origins',
      raw,
      'is not a list: there may be several origins',
      typeof raw === 'string' && raw !== '*'
        ? `Write [${showValue(raw)}]`
        : 'Write ["loopback"], or a list of origins such as ["https://app.example.com"]',
    )
    return [...DEFAULTS.origins]
  }
  const origins = raw.flatMap((entry: unknown, index) => checkOrigin(entry, `origins[${index}]`, true, report) ?? [])
  return [...new Set(origins)]
}

export function resolveProductionOrigin(raw: unknown, report: Report): string | undefined {
  return checkOrigin(raw, 'productionOrigin', false, report)
}

/** `capacitor://localhost`, `chrome-extension://abc`: no tuple origin to the URL standard, but what browsers send. */
const APP_ORIGIN =
  /^(?!(?:https?|wss?|ftp|file|data|blob|javascript):)[a-z][a-z0-9+.-]*:\/\/[^/?#@*\x00-\x20\x7f-\uffff]+$/

function checkOrigin(raw: unknown, path: string, isListed: boolean, report: Report): string | undefined {
  const refuse = (why: string, instead: string): undefined => {
    report('CORS_DEV_ORIGIN', path, raw ?? null, why, instead)
    return undefined
  }
  const sample = isListed ? 'for example "http://localhost:3000"' : 'for example "https://app.example.com"'
  if (typeof raw !== 'string') return refuse('is not an origin: it is no string', `Write one, ${sample}`)
  if (isListed && raw === 'loopback') return raw
  if (isListed && raw === 'localhost') {
    return refuse('is not an origin: it has no scheme', 'Write "loopback", which counts any port of this machine')
  }
  if (raw.includes('*')) {
    return refuse(
      isListed
        ? 'is not an origin: any web page the developer opens could use their sessions through the dev server'
        : 'is not an origin: a page has one, without a star',
      isListed ? `List the origins, ${sample}` : `Write it, ${sample}`,
    )
  }
  if (raw === 'null') {
    return refuse(
      'stands for every opaque origin: any page can make itself one by a sandboxed frame',
      `Give the page an origin, ${sample}`,
    )
  }
  if (isListed && APP_ORIGIN.test(raw)) return raw

  if (/^https?:\/\//i.test(raw) && URL.canParse(raw)) {
    const { origin } = new URL(raw)
    return origin === raw
      ? raw
      : refuse(`is not a serialized origin: browsers send ${showValue(origin)}`, `Write ${showValue(origin)}`)
  }
  const suggestion = /^[a-z][a-z0-9+.-]*:\/\//i.test(raw) ? undefined : withScheme(raw)
  return refuse(
    'is not an origin: an origin is an http or https scheme, a host and a port, if it is not the default',
    suggestion === undefined ? `Write one, ${sample}` : `Write ${showValue(new URL(suggestion).origin)}`,
  )
}
