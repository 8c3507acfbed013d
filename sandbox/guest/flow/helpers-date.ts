/** Helpers for dates. */
import { formatDate, InvalidDate, parseDate } from './dates.ts';
import { PageError } from './errors.ts';
import { given } from './helpers-number.ts';
import { isEmpty } from './json.ts';

const textOr = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

function orInvalid(work: () => string): string {
  try {
    return work();
  } catch (error) {
    if (error instanceof InvalidDate) throw new PageError('template_invalid', error.message);
    throw error;
  }
}

export const dateHelpers = {
  /** `dateFormat outputFormat date inputFormat? timezone?` */
  dateFormat(...args: unknown[]) {
    const [output, date, input, zone] = given(args);
    if (isEmpty(date)) return '';
    return orInvalid(() => {
      const timezone = textOr(zone);
      return formatDate(parseDate(date, { format: textOr(input), timezone }), { format: textOr(output), timezone });
    });
  },
  /** `dateAdd date milliseconds? timezone?` */
  dateAdd(...args: unknown[]) {
    const [date, offsetMs = 0, zone] = given(args);
    if (isEmpty(date)) return '';
    return orInvalid(() => formatDate(parseDate(date) + Number(offsetMs), { timezone: textOr(zone) }));
  },
  /** `timestamp format? timezone?` */
  timestamp(...args: unknown[]) {
    const [format, zone] = given(args);
    return orInvalid(() => formatDate(Date.now(), { format: textOr(format), timezone: textOr(zone) }));
  },
};
