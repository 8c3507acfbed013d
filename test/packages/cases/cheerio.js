import * as cheerio from 'cheerio';
export default () => {
  const $ = cheerio.load('<ul><li class="a">ä</li></ul>');
  $('li').attr('id', 'x');
  return [$('.a').text(), $('ul').html()];
};
