/** A response that is no success, with the words the server gave for it. */
export class HttpError extends Error {
  name = 'HttpError'

  constructor(status, reason) {
    super(reason)
    this.status = status
  }

  static async from(response) {
    const text = await response.text()
    if (!response.headers.get('content-type')?.includes('json'))
      return new HttpError(response.status, response.statusText)
    const { title, detail, error } = JSON.parse(text)
    return new HttpError(response.status, error ?? [title, detail].filter(Boolean).join(': '))
  }
}
