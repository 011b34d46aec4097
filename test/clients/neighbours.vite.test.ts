import { describeNeighbours } from './describe-neighbours'

describeNeighbours('vite', "optimizeDeps: { include: ['msw', 'msw/browser', 'zone.js'] },")
