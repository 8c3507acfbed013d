import { describe, expect, test } from 'vitest';
import { AddressGuard, invalidEntries } from '../../src/broker/address-guard.ts';

const closedToAll = new AddressGuard('');

describe('blocked unless allowed', () => {
  test.each([
    ['this network', ['0.0.0.0', '0.255.255.255'], '0.0.0.0/8'],
    ['private 10', ['10.0.0.0', '10.255.255.255'], '10.0.0.0/8'],
    ['carrier-grade NAT', ['100.64.0.0', '100.100.100.200', '100.127.255.255'], '100.64.0.0/10'],
    ['loopback', ['127.0.0.0', '127.0.0.1', '127.255.255.255'], '127.0.0.0/8'],
    ['link-local and metadata', ['169.254.0.0', '169.254.169.254', '169.254.255.255'], '169.254.0.0/16'],
    ['private 172', ['172.16.0.0', '172.31.255.255'], '172.16.0.0/12'],
    ['protocol assignments', ['192.0.0.0', '192.0.0.192', '192.0.0.255'], '192.0.0.0/24'],
    ['documentation', ['192.0.2.1', '198.51.100.1', '203.0.113.1'], '192.0.2.0/24,198.51.100.0/24,203.0.113.0/24'],
    ['6to4 relays', ['192.88.99.1'], '192.88.99.0/24'],
    ['private 192', ['192.168.0.0', '192.168.255.255'], '192.168.0.0/16'],
    ['benchmark', ['198.18.0.0', '198.19.255.255'], '198.18.0.0/15'],
    ['multicast', ['224.0.0.1', '239.255.255.255'], '224.0.0.0/4'],
    ['reserved', ['240.0.0.0', '255.255.255.254'], '240.0.0.0/4'],
    ['broadcast', ['255.255.255.255'], '255.255.255.255'],
    ["the cloud's own service", ['168.63.129.16'], '168.63.129.16'],
    ['unspecified 6', ['::', '::1', '::7f00:1', '0:0:0:0:0:0:127.0.0.1'], '::/96'],
    ['mapped', ['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1'], '127.0.0.0/8,10.0.0.0/8'],
    ['mapped, opened in its own form', ['::ffff:127.0.0.1', '127.0.0.1'], '::ffff:127.0.0.0/104'],
    ['translated', ['::ffff:0:127.0.0.1'], '::ffff:0:0:0/96'],
    ['NAT64', ['64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', '64:ff9b::808:808'], '64:ff9b::/96'],
    ['NAT64, local', ['64:ff9b:1::1', '64:ff9b:1:ffff::1'], '64:ff9b:1::/48'],
    ['discard', ['100::1'], '100::/64'],
    ['Teredo', ['2001::1', '2001:0:7f00:1::'], '2001::/32'],
    ['benchmark 6', ['2001:2::1'], '2001:2::/48'],
    ['documentation 6', ['2001:db8::1', '3fff::1'], '2001:db8::/32,3fff::/20'],
    ['6to4', ['2002:7f00:1::', '2002:a9fe:a9fe::1', '2002:808:808::1'], '2002::/16'],
    ['segment routing', ['5f00::1'], '5f00::/16'],
    ['not given out', ['4000::1', '8000::1', 'e000::1'], '4000::/2,8000::/1'],
    ['unique-local', ['fc00::1', 'fd00:ec2::254', 'fdff:ffff::1'], 'fc00::/7'],
    ['link-local 6', ['fe80::1', 'fe80::1%eth0', 'febf::1'], 'fe80::/10'],
    ['site-local', ['fec0::1'], 'fec0::/10'],
    ['multicast 6', ['ff02::1', 'ff0e::1'], 'ff00::/8'],
  ])('%s', (_what, addresses, openings) => {
    const opened = new AddressGuard(openings);
    const openedElsewhere = new AddressGuard('203.0.112.0/24,2001:db7::/32');
    for (const address of addresses) {
      expect([address, closedToAll.allowsAddress(address)]).toEqual([address, false]);
      expect([address, openedElsewhere.allowsAddress(address)]).toEqual([address, false]);
      expect([address, opened.allowsAddress(address)]).toEqual([address, true]);
    }
  });
});

test.each([
  '1.1.1.1',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '169.253.255.255',
  '169.255.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '192.169.0.0',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '::ffff:8.8.8.8',
  '2606:4700:4700::1111',
  '2a00:1450:4001::1',
  '2003::1',
])('public: %s', (address) => {
  expect(closedToAll.allowsAddress(address)).toBe(true);
});

test.each([
  '',
  'localhost',
  '127.1',
  '0x7f000001',
  '2130706433',
  '8.8.8',
  '8.8.8.8 ',
  '[::1]',
  '8.8.8.8/32',
  '::8.8.8.8',
  '::127.0.0.1',
  '08.8.8.8',
])('not an address: %j', (text) => {
  expect(new AddressGuard('0.0.0.0/0,::/0').allowsAddress(text)).toBe(false);
});

test('a whole address family', () => {
  expect(new AddressGuard('0.0.0.0/0').allowsAddress('127.0.0.1')).toBe(true);
  expect(new AddressGuard('0.0.0.0/0').allowsAddress('::1')).toBe(false);
  expect(new AddressGuard('::/0').allowsAddress('::1')).toBe(true);
  expect(new AddressGuard('::/0').allowsAddress('127.0.0.1')).toBe(false);
});

test('entries of the list', () => {
  const good = [
    'erp',
    'erp.internal',
    'ERP.internal.',
    'a_b.internal',
    'xn--bcher-kva.example',
    '10.0.0.5',
    '10.0.0.0/8',
  ];
  expect(invalidEntries([...good, '::1', 'fd00::/8', '::ffff:10.0.0.0/104'].join(', '))).toEqual([]);
  expect(invalidEntries('')).toEqual([]);
  expect(invalidEntries(' ')).toEqual([]);
  const bad = [
    '127.1',
    '0x7f000001',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/255.0.0.0',
    '10.0.0.0/-1',
    '10.0.0/8',
    '::ffff:10.0.0.0/95',
    '::127.0.0.1',
    'fe80::1%eth0',
    '[::1]',
    'localhost:3000',
    'http://localhost',
    '*.internal',
    'a b',
    'bücher.example',
    '.internal',
    'a..b',
    '300.1.1.1',
    '',
  ];
  expect(invalidEntries(bad.join(','))).toEqual(bad);
});
