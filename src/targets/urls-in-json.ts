import { hintOf, type NameHint } from './name-words'
import type { CalledUrl } from './urls-in-program'

/**
 * The URLs in a JSON file that stand under a name which says that they are called: `{ "apiUrl": "https://…" }`. Others
 * are mere data.
 */
export function urlsInJson(text: string): CalledUrl[] {
  const found: CalledUrl[] = []
  const read = (value: unknown, name: string, hint: NameHint | undefined): void => {
    if (typeof value === 'string') {
      if (hint !== 'called' || !/^(?:https?|wss?):\/\//i.test(value) || !URL.canParse(value)) return
      found.push({ url: value, name, start: Math.max(0, text.indexOf(JSON.stringify(value))) })
    } else if (Array.isArray(value)) {
      for (const item of value) read(item, name, hint)
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        const own = hintOf(key)
        // `{ "api": { "url": … } }`, and not `{ "api": { "docs": … } }`.
        read(item, key, own === undefined || own === 'url' ? hint : own)
      }
    }
  }
  try {
    read(JSON.parse(text), '', undefined)
  } catch {
    // JSON5 and its like are nothing that a browser gets.
  }
  return found
}
