/**
 * An absolute URL where style sheets name what is fetched with CORS: the source of a font, a mask or a shape. One that
 * stands behind a semicolon in another URL is not found, since it takes more than an expression to tell them apart.
 */
const CORS_URL = /(?<=\b(?:src|mask|shape-outside)[\w-]*\s*:[^;{}]*\burl\(\s*["']?)(?:https?:)?\/\/[^\s"')]+/gi

/**
 * A style sheet, or declarations of one, with other URLs in the places whose resources are fetched with CORS. All else in
 * it stays, to the byte.
 *
 * @see https://drafts.csswg.org/css-fonts/#font-fetching-requirements
 * @see https://drafts.csswg.org/css-masking/#priv-sec
 * @see https://drafts.csswg.org/css-shapes/#shape-outside-property
 */
export function mapCorsUrlsInCss(css: string, map: (url: string) => string): string {
  return css.replace(CORS_URL, map)
}
