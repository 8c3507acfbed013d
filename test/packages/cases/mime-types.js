import mime from 'mime-types';
export default () => [mime.lookup('a.json'), mime.contentType('x.html'), mime.extension('image/png')];
