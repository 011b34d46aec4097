import { UPLOADS_URL } from 'addresses'

export function uploadFile(file, onProgress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('PUT', `${UPLOADS_URL}/files/${file.name}`)
    request.responseType = 'json'
    request.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total)
    request.onload = () => resolve({ status: request.status, stored: request.response })
    request.onerror = () => reject(new Error(`the upload failed; status ${request.status} is all that is known`))
    request.send(file)
    signal.addEventListener('abort', () => request.abort())
  })
}
