import { describeAttacks } from './describe-attacks'

describeAttacks('webpack')
