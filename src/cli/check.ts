import { argumentIssue } from './arguments'
import { readCheckRequest, USUAL_ORIGIN } from './check-request'
import { type Command, EXIT } from './command'

const USUAL_TIMEOUT_S = 10
const MOST_TIMEOUT_S = 600

/** Asks a live server as a browser would, and says what the browser would say. */
export const check: Command = {
  name: 'check',
  summary:
    'Asks a live server as Chromium would, and says whether a page may read the answer, why not, and what helps.',
  arguments: {
    words: [{ name: 'url', about: 'the URL that the page calls', example: 'check https://api.example.com/users' }],
    options: {
      origin: {
        kind: 'value',
        placeholder: 'origin',
        about: `origin of the page that calls (default: ${USUAL_ORIGIN})`,
      },
      method: { kind: 'value', short: 'X', placeholder: 'method', about: 'method of the call (default: GET)' },
      header: { kind: 'values', short: 'H', placeholder: '"Name: value"', about: 'header that the script sets' },
      credentials: { kind: 'flag', about: "credentials: 'include' (default: 'same-origin')" },
      mode: { kind: 'value', placeholder: 'mode', about: 'cors, no-cors or same-origin (default: cors)' },
      data: {
        kind: 'value',
        short: 'd',
        placeholder: 'text',
        about: 'body; text/plain unless a header says otherwise',
      },
      send: { kind: 'flag', about: 'send the call itself even if its method may change something' },
      insecure: { kind: 'flag', short: 'k', about: 'accept any certificate' },
      timeout: {
        kind: 'value',
        placeholder: 'seconds',
        about: `how long each answer may take (default: ${USUAL_TIMEOUT_S})`,
      },
      json: { kind: 'flag', about: 'print verdict and exchange as JSON' },
    },
  },
  notes: [
    'A call with a method other than GET, HEAD or OPTIONS may change something, so it is held back without --send, and only its preflight is asked. No cookies are sent, no body is downloaded.',
    '',
    `Ends with ${EXIT.allowed} if the call is allowed, ${EXIT.blocked} if it is blocked, ${EXIT.undecided} if that can't be said: the server could not be asked, the call was held back, or an argument is wrong.`,
    '',
    'Examples',
    '  unplugin-cors-dev check https://api.example.com/users --origin https://app.example.com',
    '  unplugin-cors-dev check http://localhost:8080/users/1 --method PUT --header "Authorization: Bearer x" --credentials',
  ],
  prepare(given) {
    const { issues, ...asked } = readCheckRequest(given)
    const timeoutText = given.value('timeout')
    const timeout = timeoutText === undefined ? USUAL_TIMEOUT_S : Number(timeoutText)
    if (!(timeout > 0 && timeout <= MOST_TIMEOUT_S)) {
      issues.push(
        argumentIssue(
          '--timeout',
          timeoutText,
          `is no number above 0 and up to ${MOST_TIMEOUT_S}: it counts seconds`,
          'Write --timeout 10',
        ),
      )
    }

    return {
      issues,
      async run({ env, print, terminal }) {
        const [{ createDirectConnections }, { directFetch }, { reportCheck, reportCheckAsJson }] = await Promise.all([
          import('../proxy/direct-request'),
          import('../proxy/direct-fetch'),
          import('./check-report'),
        ])
        const connections = createDirectConnections({
          env,
          timeout: timeout * 1000,
          isInsecure: given.has('insecure'),
          name: 'the URL',
          remedies: {
            timeout:
              'Check that the server is reachable and not stopped at a breakpoint, or wait longer with --timeout.',
            certificate:
              'Point NODE_EXTRA_CA_CERTS at the certificate of its authority, or accept any certificate with --insecure.',
          },
        })
        try {
          const result = await directFetch({
            request: asked.request,
            body: asked.body,
            sendsUnsafeMethods: given.has('send'),
            connections,
          })
          const report = { ...result, dropped: asked.dropped, isUsualOrigin: !given.has('origin') }
          print(given.has('json') ? reportCheckAsJson(report) : reportCheck(report, terminal))
          return result.verdict.outcome === 'unknown' ? EXIT.undecided : EXIT[result.verdict.outcome]
        } finally {
          await connections.close()
        }
      },
    }
  },
}
