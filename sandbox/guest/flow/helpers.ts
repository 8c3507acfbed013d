/** Helpers of templates, with the names and arguments of integrator.io. */
import { dateHelpers } from './helpers-date.ts';
import { encodingHelpers } from './helpers-encoding.ts';
import { logicHelpers } from './helpers-logic.ts';
import { numberHelpers } from './helpers-number.ts';
import { textHelpers } from './helpers-text.ts';

export const helpers = { ...textHelpers, ...numberHelpers, ...dateHelpers, ...encodingHelpers, ...logicHelpers };
