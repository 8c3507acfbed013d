'use strict'

var async = require('async')
var fs = require('fs')
var path = require('path')
var request = require('request')
var _ = require('lodash')
var config = require('../config.json')
var logger = require('./logger')
var platform = require('./platform')

var TEMPLATES = path.join(__dirname, '..', 'templates')

function Installer () {
  this.steps = [{ name: 'Shop', description: 'Sign in to the shop', completed: false, installerFunction: 'verifyShop' }]
}

Installer.prototype.connectorInstallerFunction = function (options, callback) {
  var that = this
  logger.info('installing', { integration: options._integrationId })
  async.waterfall([
    function (cb) {
      // Relative to where the stack was started: the connector's folder.
      var connection = JSON.parse(fs.readFileSync('./templates/connection.json'))
      connection.http.baseURI = config.shop.baseURI
      platform.call(options, 'POST', '/connections', connection, cb)
    },
    function (connection, cb) {
      var body = JSON.parse(fs.readFileSync(path.join(TEMPLATES, 'export.json'), 'utf8'))
      platform.call(options, 'POST', '/exports', _.extend(body, { _connectionId: connection._id }), function (err, created) {
        cb(err, connection, created)
      })
    },
    function (connection, created, cb) {
      platform.call(options, 'GET', '/integrations/' + options._integrationId, undefined, function (err, integration) {
        cb(err, connection, created, integration)
      })
    },
    function (connection, created, integration, cb) {
      integration.mode = 'install'
      integration.install = _.map(that.steps, function (step) {
        return _.assign({ _connectionId: connection._id }, step)
      })
      integration.settings = { sections: [{ title: 'Orders', fields: [{ name: 'prefix', label: 'Prefix', type: 'input', value: '' }] }], commonresources: { exports: [created._id] } }
      platform.call(options, 'PUT', '/integrations/' + options._integrationId, integration, cb)
    }
  ], function (err) {
    if (err) logger.error('not installed: ' + err.message)
    return callback(err)
  })
}

Installer.prototype.verifyShop = function (options, callback) {
  request({
    url: config.shop.baseURI + '/orders',
    json: true,
    qs: { limit: 1 },
    auth: { user: 'key', pass: options.formVal.password }
  }, function (err, res, body) {
    if (err) return callback(err)
    if (res.statusCode === 401) {
      var error = new Error('The shop does not know this password.')
      error.code = 'shop_sign_in'
      return callback(error)
    }
    logger.warn('orders in the shop: %d', body.orders.length)
    return callback(null, { success: true, stepsToUpdate: [{ name: 'Shop', completed: true }] })
  })
}

Installer.prototype.connectorUpdateFunction = function (options, callback) {
  return callback(null, null)
}

module.exports = new Installer()
