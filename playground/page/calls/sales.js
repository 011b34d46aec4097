import { BOX_OFFICE_URL } from 'addresses'

export function followSales({ onSale, onError, signal }) {
  const socket = new WebSocket(`${BOX_OFFICE_URL.replace('http', 'ws')}/sales`)

  socket.onmessage = (event) => onSale(JSON.parse(event.data))
  socket.onerror = () => onError(new Error('the WebSocket failed; an error event gives no reason'))
  signal.addEventListener('abort', () => socket.close())
}
