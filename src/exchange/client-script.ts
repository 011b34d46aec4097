import type { ClientConfig } from './wire'

/** The one name that the bundled runtime declares; {@link clientScript} keeps it from becoming a global. */
export const CLIENT_GLOBAL = '__corsDev'

/** Where a classic script was loaded from; for what was inlined into a page, the page itself. */
export const CLASSIC_SCRIPT_BASE =
  "(typeof document!=='undefined'&&document.currentScript&&document.currentScript.src)||location.href"

/** Where a module was loaded from. */
export const MODULE_BASE = 'import.meta.url'

/**
 * The runtime as one statement that a host may serve as a file, put into an inline `<script>`, or put before the code
 * of a module. It leaves no name behind.
 *
 * @param bundle - The built runtime, which declares {@link CLIENT_GLOBAL} and gives it `install()`.
 * @param baseExpression - JavaScript that yields an absolute URL of the dev server: {@link CLASSIC_SCRIPT_BASE},
 *   {@link MODULE_BASE} or a host's own.
 */
export function clientScript(bundle: string, config: ClientConfig, baseExpression: string): string {
  // The semicolon in front keeps the statement apart from code that ends without one.
  return `;(()=>{${inlineable(bundle)}\n${CLIENT_GLOBAL}.install(${embedJson(config)},${baseExpression})})();\n`
}

/** JSON as an expression that also survives inside an inline `<script>`, which ends at `</script` even within a string. */
function embedJson(value: unknown): string {
  return JSON.stringify(value)
    .replace(/</g, '\\u003c')
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029')
}

/** The bundle has these only in string literals, if at all, where the backslash changes nothing. */
function inlineable(bundle: string): string {
  return bundle.replace(/\/\/# sourceMappingURL=.*\s*$/, '').replace(/<(?=\/script|!--)/gi, '\\x3c')
}
