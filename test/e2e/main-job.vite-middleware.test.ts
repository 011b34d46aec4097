import { describeMainJob } from './main-job'

describeMainJob('vite-middleware')
