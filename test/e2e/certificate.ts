import { createRequire } from 'node:module'
import type { Tls } from './api'

/** A certificate that its own key signed, for the names given. */
export async function selfSignedCertificate(
  names: readonly string[],
  validity: { notBeforeDate?: Date; notAfterDate?: Date } = {},
): Promise<Tls> {
  // webpack-dev-server brings it, for its own https.
  const { generate } = createRequire(createRequire(import.meta.url).resolve('webpack-dev-server'))('selfsigned') as {
    generate(attributes: object[], options: object): Promise<{ private: string; cert: string }>
  }
  const { private: key, cert } = await generate([{ name: 'commonName', value: names[0] }], {
    keySize: 2048,
    ...validity,
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: names.map((value) => ({ type: 2, value })) },
    ],
  })
  return { key, cert }
}
