'use strict'

var request = require('request')

/** Calls the platform's API. */
function call (options, method, path, body, callback) {
  request({
    url: 'https://api.integrator.io/v1' + path,
    method: method,
    json: body === undefined ? true : body,
    headers: { Authorization: 'Bearer ' + options.bearerToken }
  }, function (err, res, reply) {
    if (err) return callback(err)
    if (res.statusCode >= 400) {
      var error = new Error(method + ' ' + path + ': ' + JSON.stringify(reply))
      error.code = 'platform_' + res.statusCode
      return callback(error)
    }
    return callback(null, reply)
  })
}

module.exports = { call: call }
