import { describeMainJob } from './main-job'

describeMainJob('rspack-cli')
