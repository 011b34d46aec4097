/** What a message tells the developer to write, where they write it: not everybody who reads one has a plugin. */
export interface Advice {
  /** What names a target, as a noun. */
  target(origin: string): string
  /** What lets the pages of an origin call, as a sentence without its stop. */
  origin(origin: string | undefined): string
  /** What names the origin of the page in production, as a noun. */
  productionOrigin: string
}

export const IN_PLUGIN: Advice = Object.freeze({
  target: (origin) => `targets: ['${origin}']`,
  origin: (origin) => `Add ${quoteOrigin(origin)} to the plugin's origins`,
  productionOrigin: "productionOrigin: 'https://…'",
} satisfies Advice)

export const IN_PACKAGE_JSON: Advice = Object.freeze({
  target: (origin) => `"corsDev": { "targets": ["${origin}"] } in package.json`,
  origin: (origin) => `Add ${quoteOrigin(origin)} to the origins of "corsDev" in package.json`,
  productionOrigin: '"productionOrigin": "https://…" in "corsDev" of package.json',
} satisfies Advice)

function quoteOrigin(origin: string | undefined): string {
  return origin === undefined ? 'its origin' : `"${origin}"`
}
