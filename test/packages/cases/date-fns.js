import { addMonths, differenceInDays, format } from 'date-fns';
export default () => [
  format(addMonths(new Date(2020, 0, 31), 1), 'yyyy-MM-dd'),
  differenceInDays(new Date(2020, 2, 1), new Date(2020, 1, 1)),
];
