import { DOMParser, XMLSerializer } from '@xmldom/xmldom';
export default () => {
  const document = new DOMParser().parseFromString('<a><b c="1"/></a>', 'text/xml');
  return [document.getElementsByTagName('b')[0].getAttribute('c'), new XMLSerializer().serializeToString(document)];
};
