const path = require('node:path')
const HtmlWebpackPlugin = require('html-webpack-plugin')
const corsDev = require('unplugin-cors-dev/webpack')
const { DefinePlugin, EnvironmentPlugin } = require('webpack')

/** @returns {import('webpack').Configuration} */
module.exports = ({ way = 'through' } = {}) => ({
  mode: 'development',
  context: __dirname,
  entry: '../page/main.js',
  output: { path: path.join(__dirname, 'dist') },
  resolve: { alias: { addresses: path.join(__dirname, 'addresses.js') } },
  experiments: { css: true },
  module: {
    rules: [
      { resourceQuery: /raw/, type: 'asset/source' },
      { test: /\.css$/, sideEffects: true },
    ],
  },
  devServer: { static: false, client: { logging: 'warn' } },
  plugins: [
    new HtmlWebpackPlugin({ template: path.join(__dirname, 'index.html') }),
    new EnvironmentPlugin(['FILMS_URL', 'CHAT_URL', 'ACCOUNTS_URL', 'UPLOADS_URL', 'BOX_OFFICE_URL', 'HUB_URL']),
    new DefinePlugin({
      'process.env.ANSWERS_URL': JSON.stringify(process.env.ANSWERS_URL),
      'process.env.PLAYGROUND_WAY': JSON.stringify(way),
    }),
    // The page that the switch calls "direct" is this one without the plugin.
    way !== 'direct' &&
      corsDev({
        targets: {
          '/api': process.env.FILMS_URL,
          '/archive': { url: process.env.ARCHIVE_URL, stripPrefix: true },
          '/chat': process.env.CHAT_URL,
          '/accounts': process.env.ACCOUNTS_URL,
          '/uploads': process.env.UPLOADS_URL,
          '/box-office': process.env.BOX_OFFICE_URL,
        },
        // ANSWERS_URL is named nowhere: it is found in what DefinePlugin puts into the page.
      }),
  ],
})
