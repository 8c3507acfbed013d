/**
 * Stands for the connector in runs of flows that users wrote themselves. Such a run evaluates only its user's mappings
 * and templates, and reaches what the user's connections name.
 */
export const OWN_FLOWS = 'own-flows';
