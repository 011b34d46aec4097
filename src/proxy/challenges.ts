/** A `WWW-Authenticate` challenge: https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1 */
interface Challenge {
  scheme: string
  parameters: string[]
}

/** Some Windows and intranet browsers log in with these unasked, at a host that they take for one of their own network. */
const UNASKED = new Set(['ntlm', 'negotiate', 'kerberos'])
const ASKED = new Set(['basic', 'digest'])

/**
 * Browsers answer challenges themselves, and see one origin behind all targets: the dev server's, on this very machine.
 * So a password that was typed for one target would go to the next that names the same realm, and the account that the
 * developer is logged in with to a server on the internet.
 *
 * @param lines the fields' values
 * @param origin of the target, that a realm is to be told by (Digest's can't be: what is answered depends on it);
 *   `undefined` for a relayed call: for one to another origin no browser asks anybody, with credentials neither.
 *   https://fetch.spec.whatwg.org/#http-network-or-cache-fetch
 */
export function fitChallenges(
  lines: readonly string[],
  origin: string | undefined,
): { fitted: string[]; refused: string | undefined } {
  let refused: string | undefined
  const fitted = lines.flatMap((line) => {
    const challenges = parse(line)
    if (challenges === undefined) return []
    const kept = challenges.filter(({ scheme }) => {
      if (!UNASKED.has(scheme.toLowerCase())) return origin !== undefined || !ASKED.has(scheme.toLowerCase())
      refused ??= scheme
      return false
    })
    return kept.map((challenge) => serialize(challenge, origin))
  })
  return { fitted, refused }
}

const QUOTED = /"(?:[^"\\]|\\.)*"/g
const PIECES = /(?:"(?:[^"\\]|\\.)*"|[^",])+/g
const SCHEME = /^[\t ]*([^\t ="]+)(?:[\t ]+([^=\t ].*))?[\t ]*$/s

/** `undefined` for what no two readers would take alike. */
function parse(line: string): Challenge[] | undefined {
  if (line.replace(QUOTED, '').includes('"')) return undefined
  const challenges: Challenge[] = []
  for (const piece of line.match(PIECES) ?? []) {
    const [, scheme, first] = SCHEME.exec(piece) ?? []
    const last = challenges.at(-1)
    if (scheme !== undefined) challenges.push({ scheme, parameters: first === undefined ? [] : [first.trim()] })
    else if (piece.trim() !== '' && last) last.parameters.push(piece.trim())
    else if (piece.trim() !== '') return undefined
  }
  return challenges
}

function serialize({ scheme, parameters }: Challenge, origin: string | undefined): string {
  if (scheme.toLowerCase() !== 'basic' || origin === undefined) return `${scheme} ${parameters.join(', ')}`.trim()
  const isRealm = (parameter: string): boolean => /^realm[\t ]*=/i.test(parameter)
  const realm =
    parameters
      .find(isRealm)
      ?.replace(/^[^=]*=[\t ]*/, '')
      .replace(/^"|"$/g, '') ?? ''
  return [`Basic realm="${origin}${realm && ` ${realm}`}"`, ...parameters.filter((one) => !isRealm(one))].join(', ')
}
