/** How a run can be repeated. Pure. */
import type { Json } from '../api/json.ts';
import type { Connector, Integration, Run } from '../api/types.ts';
import type { Tab } from '../app/address.ts';

export type WayToRepeat =
  /** Called from here with this input. */
  | { readonly kind: 'call'; readonly input: Json; readonly asksFirst: boolean }
  | { readonly kind: 'elsewhere'; readonly tab: Tab; readonly label: string }
  | { readonly kind: 'never'; readonly reason: string };

interface Scene {
  readonly integration: Integration;
  readonly connector: Connector | undefined;
}

const never = (reason: string): WayToRepeat => ({ kind: 'never', reason });

export function wayToRepeat(run: Run, { integration, connector }: Scene): WayToRepeat {
  const { mode, install = [], uninstall = [] } = integration;
  const { section, function: name, input } = run;
  const step =
    section === 'installer' ? install.find(({ installerFunction }) => installerFunction === name) : undefined;
  if (section === 'flow') {
    return never('A page is not repeated alone: run its flow again, or send the records that failed again.');
  }
  if (section === 'uninstaller') {
    const isStep = uninstall.some(({ uninstallerFunction }) => uninstallerFunction === name);
    // Never here: removing asks first.
    return isStep || name === connector?.preUninstallFunction
      ? { kind: 'elsewhere', tab: 'remove', label: 'Go to the removal' }
      : never('What removes an integration is not repeated from here.');
  }
  if (mode === 'uninstall') return never('It cannot be repeated while the integration is being removed.');
  if (section === 'installer' && !step) {
    return never('It is no step of the setup, so it is not repeated from here.');
  }
  if (connector && input && 'value' in input && !input.masked) {
    return { kind: 'call', input: input.value, asksFirst: true };
  }
  if (step) {
    const takesNothing = step.form === undefined && !step._connectionId && step.installURL === undefined;
    return takesNothing && connector
      ? { kind: 'call', input: {}, asksFirst: false }
      : { kind: 'elsewhere', tab: 'setup', label: 'Repeat it in the setup' };
  }
  if (section === 'settings' && (name === 'persistSettings' || name === 'refreshMetadata')) {
    return { kind: 'elsewhere', tab: 'settings', label: 'Repeat it in the settings' };
  }
  return never(`It cannot be repeated from here, because ${whyNoInput(run, connector)}.`);
}

function whyNoInput({ input }: Run, connector: Connector | undefined): string {
  if (!connector) return 'its connector is gone';
  if (!input) return 'its input is not stored';
  return 'omittedBytes' in input ? 'its input was too large to be stored' : 'secrets in its input are masked';
}
