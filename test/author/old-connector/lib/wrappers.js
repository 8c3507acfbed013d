'use strict'

var EventEmitter = require('events').EventEmitter
var util = require('util')

function Ping () {
  EventEmitter.call(this)
}
util.inherits(Ping, EventEmitter)

module.exports = {
  pingShop: function (options, callback) {
    var ping = new Ping()
    ping.on('done', function (statusCode) { callback(null, { statusCode: statusCode }) })
    process.nextTick(function () { ping.emit('done', options.connection.encrypted.password === 'right' ? 200 : 401) })
  }
}
