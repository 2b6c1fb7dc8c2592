import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatsFor } from '../../../../src/core/format.ts';
import type { JsonValue } from '../../../../src/core/json.ts';
import { checkpointMarkdown } from '../../../../src/host/text/checkpointText.ts';

const formats = formatsFor('en-US');
const listing = {
  id: 'checkpoint_books_1',
  type: 'venue_completed',
  at: '2026-11-21T16:20:00.000Z',
  seq: 321,
  path: '/home/me/space/checkpoint_books_1.json',
  valid: true,
  records: 1234,
} as const;

function render(content: JsonValue, changes: object = {}): string {
  return checkpointMarkdown({ listing: { ...listing, ...changes }, content }, formats);
}

test('the summary says what a person asks first', () => {
  const page = render({
    venues_completed: [
      ['iclr', 2024],
      ['pages', 0],
    ],
    venues_in_progress: [],
    last_successful_operation: 'venue_completed: iclr 2024',
  });
  assert.match(page, /\| Because \| group completed \|/);
  assert.match(page, /\| Records \| 1,234 \|/);
  assert.match(page, /\| State \| Verified \|/);
  assert.match(page, /\| Groups completed \| iclr 2024, pages \|/);
  assert.doesNotMatch(page, /Groups in progress/);
  assert.match(page, /\| Last successful operation \| venue\\_completed: iclr 2024 \|/);
});

test('a damaged one says so, and is shown as far as it goes', () => {
  const page = render(null, { valid: false });
  assert.match(page, /Damaged or missing/);
  assert.match(page, /```json\nnull\n```/);
});

test('text from outside stays text: no link, image, row or fence of its own', () => {
  const evil = '[x](command:evil) ![y](http://z) <img> | `a` \n# heading';
  const page = render({ last_successful_operation: evil, note: '```\n# not a heading\n```' });
  const row = page.split('\n').find((line) => line.includes('operation'))!;
  assert.ok(!row.includes('[x](') && !row.includes('<img>') && !/(^|[^\\])`/.test(row));
  assert.equal(row.match(/(?<!\\)\|/g)?.length, 3);
  // The fence is longer than any run of backticks inside.
  assert.match(page, /\n````json\n[\s\S]*\n````\n$/);
});

test('a long list of groups is cut and counted', () => {
  const venues = Array.from({ length: 1020 }, (_, i) => ['v', i]);
  assert.match(render({ venues_completed: venues }), /v 19 and 1,000 more/);
});
