import { progress } from 'bulkhead';

/** The value of a settings field. */
async function settingOf(/** @type {string} */ integrationId, /** @type {string} */ name) {
  const response = await fetch(`/v1/integrations/${integrationId}`);
  const { settings } = await response.json();
  const fields = settings.sections.flatMap((/** @type {import('bulkhead/sdk').Section} */ { fields = [] }) => fields);
  return fields.find((/** @type {import('bulkhead/sdk').Field} */ field) => field.name === name)?.value;
}

/** @type {import('bulkhead/sdk').Installer} */
export const installer = {
  async checkCity({ _integrationId }) {
    progress(0.5, 'Looking at the map');
    const city = await settingOf(_integrationId, 'city');
    return { success: true, stepsToUpdate: [{ installerFunction: 'checkCity', description: `It is ${city}.` }] };
  },
};

/** @type {import('bulkhead/sdk').Settings} */
export const settings = {
  async forecast({ _integrationId, days }) {
    const city = await settingOf(_integrationId, 'city');
    console.log('asked for', city);
    return { city, forecast: Array.from({ length: Number(days ?? 1) }, () => 'sun') };
  },
};
