// Everything that a newcomer has to know stands in package.json: the steps and the settings form are
// declared there, and saving the form (`persistSettings`) is done by the runtime.

const succeed = () => ({ success: true });

export const installer = { sayHello: succeed, confirmGreeting: succeed };

export const settings = {
  /** Greets as the settings say; `{"name": "…"}` in the call wins. */
  async greet({ _integrationId, name }) {
    const response = await fetch(`/v1/integrations/${_integrationId}`);
    const { settings: form } = await response.json();
    const values = Object.fromEntries(form.sections[0].fields.map((field) => [field.name, field.value]));
    const words = { hello: 'Hello', 'good-day': 'Good day', ahoy: 'Ahoy' }[values.greeting];
    const text = `${words}, ${name || values.name || 'world'}!`;
    return { text: values.loudly ? text.toUpperCase() : text };
  },
};
