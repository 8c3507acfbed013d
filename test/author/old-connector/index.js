'use strict'

// What connectors of integrator.io look like: sections of functions with callbacks, in several files.
exports.installer = require('./lib/installer')
exports.uninstaller = require('./lib/uninstaller')
exports.settings = require('./lib/settings')
exports.hooks = require('./lib/hooks')
exports.wrappers = require('./lib/wrappers')
