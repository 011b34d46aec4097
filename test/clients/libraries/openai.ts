import type * as OpenAi from 'openai'
import { expect } from 'vitest'
import type { Client } from '../client'

export const client: Client<{ openai: typeof OpenAi }> = {
  imports: { openai: 'openai' },

  /** Answers as the real service does: one token after the other. */
  serve(server) {
    const seen: string[] = []
    let proceed: (() => void) | undefined
    let stopped = 0
    server.on('request', async (request, response) => {
      const { method, url, headers } = request
      seen.push(`${method} ${url} ${headers.authorization} ${headers.accept}`)
      if (url === '/v1/proceed') {
        proceed?.()
        return response.end('{}')
      }
      let body = ''
      for await (const chunk of request) body += String(chunk)
      const { messages, stream } = JSON.parse(body) as { messages: { content: string }[]; stream?: boolean }
      if (!stream) {
        const error = { message: 'Rate limit reached', type: 'requests', code: 'rate_limit_exceeded' }
        response.writeHead(429, {
          'content-type': 'application/json',
          'x-request-id': 'req_1',
          'x-should-retry': 'false',
        })
        return response.end(JSON.stringify({ error }))
      }
      response.on('close', () => stopped++)
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (const content of messages[0]!.content.split(/(?= )/)) {
        response.write(
          `data: ${JSON.stringify({ object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content } }] })}\n\n`,
        )
        // Not before the page has read this one.
        await new Promise<void>((resolve) => (proceed = resolve))
      }
      return response.end('data: [DONE]\n\n')
    })
    return async () => {
      const call = 'POST /v1/chat/completions Bearer secret application/json'
      const proceeding = Array(3).fill('GET /v1/proceed undefined */*')
      expect(seen).toEqual([call, ...proceeding, call, call])
      await expect.poll(() => stopped).toBe(2)
    }
  },

  // Of the answer that is an error.
  consoleErrors: /status of 429/,

  page: async ({ openai: { OpenAI, RateLimitError }, api, equal }) => {
    const ai = new OpenAI({ baseURL: `${api}/v1`, apiKey: 'secret', dangerouslyAllowBrowser: true })
    const ask = (content: string) =>
      ai.chat.completions.create({ model: 'gpt', messages: [{ role: 'user', content }], stream: true })

    const tokens: unknown[] = []
    for await (const { choices } of await ask('one token each')) {
      tokens.push(choices[0]?.delta.content)
      await fetch(`${api}/v1/proceed`)
    }
    equal(tokens, ['one', ' token', ' each'])

    const stopped = await ask('no more')
    for await (const _chunk of stopped) break
    equal(stopped.controller.signal.aborted, true)

    const error = await ai.chat.completions
      .create({ model: 'gpt', messages: [{ role: 'user', content: 'again' }] })
      .catch((reason: unknown) => reason)
    equal(error instanceof RateLimitError && [error.code, error.requestID], ['rate_limit_exceeded', 'req_1'])
  },
}
