import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLines, parseParagraphs } from './debian.mjs';

test('parseLines() reads one-line sources', () => {
  const text = [
    '# deb http://old.example/debian bookworm main',
    'deb http://mirror.example/debian bookworm main contrib',
    'deb-src http://mirror.example/debian bookworm main',
    'deb [arch=amd64 signed-by=/usr/share/keyrings/k.gpg] https://mirror.example/security bookworm-security main',
  ].join('\n');
  assert.deepEqual(parseLines(text), [
    { uri: 'http://mirror.example/debian', suites: ['bookworm'], components: ['main', 'contrib'], signedBy: undefined },
    {
      uri: 'https://mirror.example/security',
      suites: ['bookworm-security'],
      components: ['main'],
      signedBy: '/usr/share/keyrings/k.gpg',
    },
  ]);
});

test('parseParagraphs() reads deb822 sources', () => {
  const text = `Types: deb
# a comment between fields
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/k.gpg

Types: deb-src
URIs: http://mirror.example/debian
Suites: bookworm
Components: main

Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
Enabled: no
`;
  assert.deepEqual(parseParagraphs(text), [
    {
      uri: 'http://mirror.example/debian',
      suites: ['bookworm', 'bookworm-updates'],
      components: ['main'],
      signedBy: '/usr/share/keyrings/k.gpg',
    },
  ]);
});
