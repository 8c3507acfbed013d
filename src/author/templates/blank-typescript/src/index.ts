import { progress } from 'bulkhead';
import { defineConnector, type RunOptions, type SettingsForm } from 'bulkhead/sdk';

/** The value of a settings field. */
async function settingOf(integrationId: string, name: string): Promise<unknown> {
  const response = await fetch(`/v1/integrations/${integrationId}`);
  const { settings } = (await response.json()) as { settings: SettingsForm };
  const fields = settings.sections?.flatMap((section) => section.fields ?? []) ?? [];
  const field = fields.find((each) => each.name === name);
  return field && 'value' in field ? field.value : undefined;
}

export default defineConnector({
  installer: {
    async checkCity({ _integrationId }) {
      progress(0.5, 'Looking at the map');
      const city = await settingOf(_integrationId, 'city');
      return { success: true, stepsToUpdate: [{ installerFunction: 'checkCity', description: `It is ${city}.` }] };
    },
  },

  settings: {
    async forecast({ _integrationId, days = 1 }: RunOptions<{ days?: number }>) {
      const city = String(await settingOf(_integrationId, 'city'));
      console.log('asked for', city);
      return { city, forecast: Array.from({ length: days }, () => 'sun') };
    },
  },
});
