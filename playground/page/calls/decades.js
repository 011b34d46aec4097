export function filmsByDecade(signal) {
  const worker = new Worker(new URL('./decades-worker.js', import.meta.url), { type: 'module' })
  signal.addEventListener('abort', () => worker.terminate())

  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      worker.terminate()
      if (data.error) reject(new Error(data.error))
      else resolve(data)
    }
    worker.onerror = (event) => reject(new Error(event.message || 'the worker did not start'))
  })
}
