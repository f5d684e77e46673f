/** What a typed line of the terminal chat means. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chatHelp, readChatInput } from '../../../src/demo/chat-input.ts';

describe('readChatInput', () => {
  it.each([
    ['', { kind: 'nothing' }],
    ['   ', { kind: 'nothing' }],
    ['my tickets', { kind: 'message', text: 'my tickets' }],
    [' note 1: a/b ', { kind: 'message', text: 'note 1: a/b' }],
    ['#1001', { kind: 'message', text: '#1001' }],
    ['1', { kind: 'press', number: 1, bare: true }],
    ['/2', { kind: 'press', number: 2, bare: false }],
    ['1001', { kind: 'message', text: '1001' }],
    ['/as Ben', { kind: 'as', person: 'ben' }],
    ['/as', { kind: 'unknown', name: 'as' }],
    ['/group', { kind: 'group' }],
    ['/personal', { kind: 'personal' }],
    ['/install', { kind: 'install' }],
    ['/help', { kind: 'help' }],
    ['/quit', { kind: 'quit' }],
    ['/search  printer jam', { kind: 'search', text: 'printer jam' }],
    ['/search', { kind: 'search', text: '' }],
    ['/desk assign 1 to me', { kind: 'desk', text: 'assign 1 to me' }],
    ['/ticket It is broken', { kind: 'ticket', text: 'It is broken' }],
    ['/home', { kind: 'home' }],
    ['/nonsense', { kind: 'unknown', name: 'nonsense' }],
    ['/', { kind: 'unknown', name: '' }],
  ])('reads %j', (line, expected) => {
    expect(readChatInput(line)).toEqual(expected);
  });

  it('sends every text without a slash that is no small number', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^\s*(\/|\d{1,2}\s*$)/.test(text) && text.trim() !== '');
        expect(readChatInput(text)).toEqual({ kind: 'message', text: text.trim() });
      }),
    );
  });
});

it('explains every command that it reads', () => {
  const named = [...chatHelp.matchAll(/^ {2}\/([a-z]+)/gm)].map(([, name = '']) => name);
  expect(named).toEqual(['as', 'group', 'personal', 'desk', 'ticket', 'search', 'home', 'install', 'quit']);
  for (const name of named) expect(readChatInput(`/${name} ben`).kind).toBe(name);
});
