/** C0 and C1 controls, and what is invisible or turns the direction of writing. Some of them steer a terminal. */
const UNPRINTABLE = /[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g

/** Text on one line, as it looks: what others have sent is shown, never obeyed. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The path of a URL or of a request target, for a log: queries carry tokens. */
export function withoutQuery(url: string): string {
  return url.split(/[?#]/, 1)[0] ?? url
}
