/** What several options check alike. */
import { nearestName } from './nearest-name'
import type { Report } from './report'
import type { RelayOption } from './types'

export const RELAY_OPTIONS: Record<RelayOption, true> = { always: true, 'as-needed': true, never: true }

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function oneOf<Value extends string, Fallback>(
  value: unknown,
  allowed: Record<Value, true>,
  fallback: Fallback,
  path: string,
  report: Report,
): Value | Fallback {
  if (typeof value === 'string' && Object.hasOwn(allowed, value)) return value as Value
  const words = Object.keys(allowed)
  const nearest = typeof value === 'string' ? nearestName(value, words) : undefined
  const list = words.map((word) => `"${word}"`).join(', ')
  report(
    'CORS_DEV_OPTION',
    path,
    value,
    `is none of its values: there are ${list}`,
    nearest === undefined ? 'Choose one of them' : `Did you mean "${nearest}"? Write that`,
  )
  return fallback
}

export function resolveExplain<Fallback>(
  raw: unknown,
  fallback: Fallback,
  path: string,
  report: Report,
): boolean | Fallback {
  if (typeof raw === 'boolean') return raw
  report('CORS_DEV_OPTION', path, raw, 'is neither true nor false: calls are explained or not', 'Write true or false')
  return fallback
}

/** `localhost:3000` → `http://localhost:3000`, `//api.example.com` and `api.example.com` → https. */
export function withScheme(text: string): string | undefined {
  const rest = text.replace(/^(?:https?|wss?):\/?(?!\/)/i, '').replace(/^[\\/]{2}/, '')
  if (rest === '' || rest.startsWith('/') || rest.startsWith('.') || /[\s@\\]/.test(rest)) return undefined
  if (!URL.canParse(`http://${rest}`)) return undefined
  const { hostname } = new URL(`http://${rest}`)
  const isLocal = !hostname.includes('.') || /^[\d.]+$|^\[|\.localhost$|\.local$/.test(hostname)
  return `${isLocal ? 'http' : 'https'}://${rest}`
}
