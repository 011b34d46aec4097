/** What hosts call the plugin, in messages and in lists of plugins and middleware. */
export const NAME = 'unplugin-cors-dev'
