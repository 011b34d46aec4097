import { ANSWERS_URL } from 'addresses'
import { HttpError } from './http-error.js'

export async function askForAnswer(question, onWord, signal) {
  const response = await fetch(`${ANSWERS_URL}/v1/answers`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ question }),
    signal,
  })
  if (!response.ok) throw await HttpError.from(response)

  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return { status: response.status }
    const lines = (rest + value).split('\n')
    rest = lines.pop()
    for (const line of lines) onWord(JSON.parse(line).text)
  }
}
