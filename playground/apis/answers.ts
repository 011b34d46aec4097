import { setTimeout as wait } from 'node:timers/promises'
import express, { type Response } from 'express'
import { serveApi, type Api } from './serve.ts'

const ANSWERS = [
  'Start with Playtime. Tati built a whole glass city outside Paris for it, and then hid the jokes at its edges, so that every viewing is a different film. Watch the restaurant scene twice: once for the people, once for the building.',
  'Ozu puts the camera where a guest would sit, about three feet above the floor, and hardly ever moves it. After ten minutes you stop noticing the frame, and after an hour you are part of the family.',
]
const MILLISECONDS_BETWEEN_WORDS = 35

/** What a language model's API looks like from outside: words that arrive one by one, as events or as lines of JSON. */
export function startAnswers(): Promise<Api> {
  const app = express()

  app.get('/v1/answers', async (request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
    let id = 0
    for await (const word of words(String(request.query['question'] ?? ''), response)) {
      response.write(`id: ${++id}\nevent: token\ndata: ${JSON.stringify({ text: word })}\n\n`)
    }
    response.end(`event: done\ndata: ${JSON.stringify({ tokens: id })}\n\n`)
  })

  app.post('/v1/answers', express.json(), async (request, response) => {
    const { question } = (request.body ?? {}) as { question?: unknown }
    if (typeof question !== 'string') {
      response.status(422).json({ error: 'the body has no "question"' })
      return
    }
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-cache' })
    for await (const word of words(question, response)) response.write(`${JSON.stringify({ text: word })}\n`)
    response.end()
  })

  return serveApi({ name: 'answers', title: 'Answers, streamed', hostname: '127.0.0.1', listener: app })
}

async function* words(question: string, response: Response): AsyncGenerator<string> {
  const answer = ANSWERS[question.length % ANSWERS.length] as string
  for (const word of answer.split(/(?<= )/)) {
    if (response.destroyed) return
    yield word
    await wait(MILLISECONDS_BETWEEN_WORDS)
  }
}
