import assert from 'node:assert/strict';
import { test } from 'node:test';
import iconv from 'iconv-lite';
import { UnitFailedError } from '../../../../src/core/errors.ts';
import { decodeHtml } from '../../../../src/sources/html/charset.ts';

const cyrillic = '<p>Привет</p>';

function encode(text: string, charset: string): Buffer {
  return Buffer.from(iconv.encode(text, charset));
}

test('the header is believed', () => {
  const type = 'text/html; charset=windows-1251';
  assert.equal(decodeHtml(encode(cyrillic, 'windows-1251'), type), cyrillic);
  assert.equal(decodeHtml(encode(cyrillic, 'utf8'), 'text/html;charset="UTF-8"'), cyrillic);
  assert.equal(decodeHtml(encode(cyrillic, 'utf8'), "text/html; Charset = 'utf8' ; x=y"), cyrillic);
});

test('the header is believed more than the page', () => {
  const page = `<meta charset="utf-8">${cyrillic}`;
  assert.equal(decodeHtml(encode(page, 'koi8-r'), 'text/html; charset=koi8-r'), page);
});

test('a byte order mark is believed more than the header, and is no part of the text', () => {
  const utf8 = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(cyrillic)]);
  assert.equal(decodeHtml(utf8, 'text/html; charset=koi8-r'), cyrillic);
  assert.equal(decodeHtml(utf8, undefined), cyrillic);
  const broken = Buffer.concat([utf8, Buffer.from([0xe9])]);
  assert.equal(decodeHtml(broken, undefined), `${cyrillic}\ufffd`);
  const little = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(cyrillic, 'utf16le')]);
  assert.equal(decodeHtml(little, 'text/html; charset=utf-8'), cyrillic);
  const big = Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(cyrillic, 'utf16le').swap16()]);
  assert.equal(decodeHtml(big, undefined), cyrillic);
});

test('the page is believed where the header says nothing, or nonsense', () => {
  for (const type of [
    undefined,
    'text/html',
    'text/html; charset=',
    'text/html; charset=klingon',
  ]) {
    for (const meta of [
      '<meta charset=windows-1251>',
      '<META CHARSET = "windows-1251" />',
      "<meta http-equiv='Content-Type' content='text/html; charset=windows-1251'>",
      '<meta content="text/html; charset=windows-1251" http-equiv="content-type">',
      '<?xml version="1.0" encoding="windows-1251"?>',
      '<!-- <meta charset="utf-8"> --><meta charset="windows-1251">',
      `<title>${'x'.repeat(3000)}</title><meta charset="windows-1251">`,
      '<script charset="utf-8"></script><meta charset="windows-1251">',
    ]) {
      const page = `${meta}${cyrillic}`;
      assert.equal(decodeHtml(encode(page, 'windows-1251'), type), page, `${String(type)} ${meta}`);
    }
  }
});

test('a page that declares UTF-8 is UTF-8 even where its bytes are not', () => {
  const body = Buffer.concat([Buffer.from('<meta charset="utf-8"><p>'), Buffer.from([0xe9, 0x21])]);
  assert.equal(decodeHtml(body, undefined), '<meta charset="utf-8"><p>\ufffd!');
});

test('a page that declares nothing is UTF-8 when its bytes are, else Windows-1252', () => {
  assert.equal(decodeHtml(Buffer.from('<p>naïve – €</p>'), 'text/html'), '<p>naïve – €</p>');
  assert.equal(decodeHtml(encode('<p>naïve – €</p>', 'win1252'), undefined), '<p>naïve – €</p>');
});

test('encodings of the East are read', () => {
  for (const [charset, text] of [
    ['shift_jis', '日本語テキスト'],
    ['euc-jp', '日本語テキスト'],
    ['gb18030', '简体中文'],
    ['big5', '繁體中文'],
    ['euc-kr', '한국어'],
  ] as const) {
    assert.equal(decodeHtml(encode(text, charset), `text/html; charset=${charset}`), text, charset);
  }
});

test('an encoding that hides scripts is refused', () => {
  assert.throws(
    () => decodeHtml(Buffer.from('<p>x'), 'text/html; charset=iso-2022-kr'),
    (error) => error instanceof UnitFailedError && error.code === 'CHARSET_FORBIDDEN',
  );
});

test('NUL and nothing at all are text', () => {
  assert.equal(decodeHtml(Buffer.alloc(0), undefined), '');
  assert.equal(decodeHtml(Buffer.from('a\0b'), 'text/html; charset=utf-8'), 'a\0b');
});
