// In the style of older connectors: sections of functions that take (options, callback).

const API = 'https://api.integrator.io/v1';

/** @typedef {{ method?: string, uri: string, bearerToken: string, headers?: Record<string, string>, json?: unknown }} Call */

/**
 * What the package `request` did: callback(error, response, body).
 * @param {Call} call
 * @param {(error: unknown, response?: Response, body?: any) => void} callback
 */
function request(call, callback) {
  const init = {
    method: call.method || 'GET',
    headers: Object.assign({ Authorization: `Bearer ${call.bearerToken}` }, call.headers),
    body: call.json === undefined ? null : JSON.stringify(call.json),
  };
  fetch(API + call.uri, init)
    .then((response) =>
      response.text().then((text) => {
        const body = text === '' ? undefined : JSON.parse(text);
        if (response.ok) return callback(null, response, body);
        const first = body?.errors?.[0] || { code: 'refused', message: `status ${response.status}` };
        callback(Object.assign(new Error(first.message), { code: first.code }), response, body);
      }),
    )
    .catch(callback);
}

/**
 * Asks the shop. The server adds the credentials of the connection.
 * @param {import('bulkhead/sdk').RunOptions} options
 * @param {string} path
 * @param {(error: unknown, body?: any) => void} callback
 */
function askShop(options, path, callback) {
  const uri = `/integrations/${options._integrationId}`;
  request({ uri: uri, bearerToken: options.bearerToken }, (error, _response, integration) => {
    if (error) return callback(error);
    const headers = { 'Integrator-Method': 'GET', 'Integrator-Relative-URI': path };
    const proxy = `/connections/${integration.install[0]._connectionId}/proxy`;
    request({ method: 'POST', uri: proxy, bearerToken: options.bearerToken, headers: headers }, (error, _r, body) => {
      callback(error, body);
    });
  });
}

/** @type {import('bulkhead/sdk').Installer} */
const installer = {
  connectorInstallerFunction: (options, callback) => {
    const connection = {
      name: 'Shop',
      type: 'http',
      http: { baseURI: 'https://shop.example.com', ping: { relativeURI: '/me' }, auth: { type: 'token' } },
    };
    const call = { method: 'POST', uri: '/connections', bearerToken: options.bearerToken, json: connection };
    request(call, (error, _response, body) => {
      if (error) return callback(error);
      callback(null, {
        stepsToUpdate: [{ installerFunction: 'verifyShopConnection', _connectionId: body._id }],
      });
    });
  },

  verifyShopConnection: (options, callback) => {
    askShop(options, '/me', (error) => {
      if (error) return callback(new Error('The shop refuses the token, or does not answer.'));
      callback(null, { success: true });
    });
  },
};

/** @type {import('bulkhead/sdk').Settings} */
const settings = {
  refreshMetadata: (options, callback) => {
    askShop(options, '/statuses', (error, body) => {
      if (error) return callback(error);
      callback(null, { fieldName: options.fieldName, options: body.statuses });
    });
  },
};

/** @type {import('bulkhead/sdk').Uninstaller} */
const uninstaller = {
  preUninstallFunction: (_options, callback) => {
    callback(null, [{ name: 'Say goodbye', uninstallerFunction: 'sayGoodbye', completed: false }]);
  },

  sayGoodbye: (_options, callback) => {
    console.log('The shop keeps its orders.');
    callback(null, { success: true });
  },

  connectorUninstallerFunction: (_options, callback) => {
    callback();
  },
};

/** @type {import('bulkhead/sdk').Hooks} */
const hooks = {
  /** @param {import('bulkhead/sdk').PreSavePageOptions} options */
  preSavePage: (options, callback) => {
    const data = options.data.filter((order) => order.status !== 'draft');
    callback(null, { data: data, errors: options.errors });
  },
};

module.exports = { installer: installer, settings: settings, uninstaller: uninstaller, hooks: hooks };
