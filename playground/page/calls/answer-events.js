import { ANSWERS_URL } from 'addresses'

export function streamAnswer(question, onWord, signal) {
  return new Promise((resolve, reject) => {
    const events = new EventSource(`${ANSWERS_URL}/v1/answers?question=${encodeURIComponent(question)}`)

    events.addEventListener('token', (event) => onWord(JSON.parse(event.data).text))
    events.addEventListener('done', (event) => {
      events.close()
      resolve(JSON.parse(event.data))
    })
    events.addEventListener('error', () => {
      events.close()
      reject(new Error('the event stream failed; an error event gives no reason'))
    })
    signal.addEventListener('abort', () => events.close())
  })
}
