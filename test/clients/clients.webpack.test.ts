import { describeClients } from './describe-clients'

describeClients('webpack')
