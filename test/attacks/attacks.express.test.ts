import { describeAttacks } from './describe-attacks'

describeAttacks('express')
