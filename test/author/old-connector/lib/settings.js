'use strict'

var async = require('async')
var moment = require('moment')
var fs = require('fs')
var platform = require('./platform')

module.exports = {
  persistSettings: function (options, callback) {
    async.auto({
      integration: function (cb) {
        platform.call(options, 'GET', '/integrations/' + options._integrationId, undefined, cb)
      },
      saved: ['integration', function (results, cb) {
        var integration = results.integration
        integration.settings.sections[0].fields[0].value = options.pending.prefix
        platform.call(options, 'PUT', '/integrations/' + options._integrationId, integration, cb)
      }]
    }, function (err) {
      return callback(err, { success: true, pending: options.pending })
    })
  },

  refreshMetadata: function (options, callback) {
    // Templates of mails, by their names.
    var names = fs.readdirSync(__dirname + '/../templates').filter(function (name) { return /\.hbs$/.test(name) })
    var texts = names.map(function (name) { return fs.readFileSync(__dirname + '/../templates/' + name, 'utf8').trim() })
    setTimeout(function () {
      callback(null, { options: names, texts: texts, day: moment.utc(options.at).format('YYYY-MM-DD'), hasCache: fs.existsSync('./cache.json') })
    }, 1)
  }
}
