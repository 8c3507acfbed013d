'use strict'

var _ = require('lodash')
var moment = require('moment')

module.exports = {
  addDay: function (options, callback) {
    if (!_.isDate(options.lastExportDateTime)) return callback(new Error('no date'))
    return callback(null, {
      data: _.map(options.data, function (record) {
        return _.assign({}, record, { since: moment(options.lastExportDateTime).utc().format('DD.MM.YYYY') })
      }),
      errors: options.errors
    })
  }
}
