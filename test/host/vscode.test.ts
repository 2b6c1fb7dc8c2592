import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as vscode from 'vscode';

test('the suite runs in the VS Code that was asked for', () => {
  assert.equal(vscode.version, process.env['CF_HOST_VSCODE']);
});

test('the extension host has node:sqlite, which the index and the lock need', () => {
  assert.ok(process.getBuiltinModule('node:sqlite'));
});
