import Decimal from 'decimal.js';
export default () => new Decimal('0.1').plus('0.2').times(3).toString();
