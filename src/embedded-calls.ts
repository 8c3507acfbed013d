/** Calls by the embedding application: the same work as the requests, without HTTP. */
import { requestError } from './errors.ts';
import { checkedArgument } from './integration/argument.ts';
import { callIntegration } from './integration/call.ts';
import { install } from './integration/install.ts';
import { integrationJson, integrationOf, type Service } from './integration/service.ts';
import { uninstall } from './integration/uninstall.ts';
import type { Runtime } from './runtime-interface.ts';
import type { Account } from './work/work.ts';

/** Work for the embedding application is charged to no connector. */
const HOST: Account = { owner: 'host', charge() {} };

/** @param assertOpen throws once the runtime is closing */
export function embeddedCalls(
  service: Service,
  assertOpen: () => void,
): Pick<Runtime, 'install' | 'call' | 'uninstall'> {
  return {
    async install(connectorId, body = {}) {
      assertOpen();
      const { unit } = await install(service, connectorId, body);
      return JSON.parse(integrationJson(integrationOf(unit), unit.settings).toString());
    },
    async call(integrationId, section, name, body = {}) {
      assertOpen();
      const argument = Buffer.from(bodyText(body));
      const { text } = await callIntegration(service, integrationId, {
        section,
        name,
        body: await checkedArgument(service.work, HOST, argument, service.dispatcher.argument),
      });
      return JSON.parse(text);
    },
    async uninstall(integrationId, options) {
      assertOpen();
      return JSON.parse((await uninstall(service, integrationId, options)).text);
    },
  };
}

/** The options as the JSON body of a request. @throws RequestError */
function bodyText(options: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(options) as string | undefined;
  } catch {
    // Circular, or contains a bigint.
  }
  if (!text?.startsWith('{')) {
    throw requestError('invalid_field', { field: '', message: 'The options must be a JSON object.' });
  }
  return text;
}
