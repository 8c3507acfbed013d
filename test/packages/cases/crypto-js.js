import CryptoJS from 'crypto-js';
export default () => {
  const key = CryptoJS.enc.Hex.parse('00112233445566778899aabbccddeeff');
  const sealed = CryptoJS.AES.encrypt('text', key, { iv: key }).toString();
  return [
    CryptoJS.SHA256('ä').toString(),
    CryptoJS.HmacSHA1('a', 'k').toString(CryptoJS.enc.Base64),
    sealed,
    CryptoJS.AES.decrypt(sealed, key, { iv: key }).toString(CryptoJS.enc.Utf8),
    CryptoJS.lib.WordArray.random(8).sigBytes,
  ];
};
