import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { readSettings } from './settings.ts';

/** The address that a request from `peer` is taken to have come from. */
async function addressOf(trusted: string, peer: string, forwardedFor?: string | string[]): Promise<string> {
  const { trustProxy } = readSettings({ TRUST_PROXY: trusted });
  await using app = Fastify({ trustProxy: trustProxy ?? false });
  app.get('/', ({ ip }) => ip);
  const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
  return (await app.inject({ url: '/', remoteAddress: peer, headers })).body;
}

const FORGED = '198.51.100.99';

test.each(['', 'off'])('with TRUST_PROXY "%s" nobody is believed', async (trusted) => {
  expect(await addressOf(trusted, '127.0.0.1', FORGED)).toBe('127.0.0.1');
  expect(await addressOf(trusted, '10.0.0.1', `${FORGED}, 127.0.0.1`)).toBe('10.0.0.1');
});

test('who is no trusted proxy chooses no address, whatever he forwards', async () => {
  for (const forwardedFor of [FORGED, `${FORGED}, 10.0.0.1`, '10.0.0.1', '127.0.0.1', 'garbage', '']) {
    expect(await addressOf('loopback, 10.0.0.0/8', '203.0.113.7', forwardedFor)).toBe('203.0.113.7');
  }
});

test('behind trusted proxies it is the last address that none of them is; what the client put before it does not count', async () => {
  const trusted = '10.0.0.0/8,192.0.2.1';
  expect(await addressOf(trusted, '10.0.0.1', '203.0.113.7')).toBe('203.0.113.7');
  expect(await addressOf(trusted, '10.0.0.1', `${FORGED}, 203.0.113.7`)).toBe('203.0.113.7');
  expect(await addressOf(trusted, '10.0.0.1', `${FORGED}, 10.0.0.9, 203.0.113.7, 192.0.2.1, 10.0.0.2`)).toBe(
    '203.0.113.7',
  );
  expect(await addressOf(trusted, '10.0.0.1', [`${FORGED}, 10.0.0.9`, '203.0.113.7'])).toBe('203.0.113.7');
  expect(await addressOf(trusted, '10.0.0.1')).toBe('10.0.0.1');
});

test('ranges are known by name, in both families, and of a range of IPv6', async () => {
  for (const peer of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.1.2.3', '192.168.3.4', 'fd00::1', '2001:db8:1::7']) {
    expect(await addressOf('loopback,uniquelocal,2001:db8:1::/48', peer, '203.0.113.7')).toBe('203.0.113.7');
  }
  expect(await addressOf('loopback,uniquelocal,2001:db8:1::/48', '2001:db8:2::7', FORGED)).toBe('2001:db8:2::7');
});
