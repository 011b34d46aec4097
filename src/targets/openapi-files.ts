/** Folders, relative to the project root, in which projects keep a description of the API that they call. */
export const OPENAPI_FOLDERS = [
  '',
  'api',
  'doc',
  'docs',
  'openapi',
  'public',
  'schema',
  'schemas',
  'spec',
  'specs',
  'src',
  'src/api',
  'static',
  'swagger',
] as const

/** @param path relative to the project root, with slashes */
export const isOpenApiFolder = (path: string): boolean => OPENAPI_FOLDERS.some((folder) => folder === path)

export const isOpenApiFile = (name: string): boolean => /^(?:openapi|swagger)\.(?:json|ya?ml)$/i.test(name)

/** Where such files stand or may come to stand, relative to the project root: whoever watches them needs their names. */
export const OPENAPI_PATHS: readonly string[] = OPENAPI_FOLDERS.flatMap((folder) =>
  ['openapi', 'swagger'].flatMap((name) =>
    ['json', 'yaml', 'yml'].map((extension) => (folder === '' ? '' : `${folder}/`) + `${name}.${extension}`),
  ),
)
