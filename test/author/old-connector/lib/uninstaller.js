'use strict'

module.exports = {
  preUninstallFunction: function (options, callback) {
    return callback(null, [{ name: 'Shop', completed: false, uninstallerFunction: 'forgetShop' }])
  },

  forgetShop: function (options, callback) {
    return callback(null, { success: true })
  },

  connectorUninstallerFunction: function (options, callback) {
    return callback()
  }
}
