import { describeMainJob } from './main-job'

describeMainJob('vite-7')
