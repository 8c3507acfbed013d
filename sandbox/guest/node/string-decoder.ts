import * as stringDecoder from 'string_decoder/';

export default stringDecoder;
