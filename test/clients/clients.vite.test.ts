import { describeClients, IMPORTED } from './describe-clients'

describeClients('vite', `optimizeDeps: { include: ${JSON.stringify(IMPORTED)} },`)
