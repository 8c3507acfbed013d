var winston = require('winston')

module.exports = winston.createLogger({
  level: process.env.SHOP_SYNC_LOG_LEVEL || 'info',
  format: winston.format.combine(winston.format.splat(), winston.format.simple()),
  transports: [new winston.transports.Console()]
})
