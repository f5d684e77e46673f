/** `registration doctor`: examines a registration step by step, with a remedy for each fault. */
import type { Command } from 'commander';
import type { JsonObject } from '../kernel/canonical-json.ts';
import { cleanLine } from '../kernel/plain-text.ts';
import { tenantPath } from './client.ts';
import { type CliContext, calls, type InTenant, tenantOption } from './command.ts';
import { show } from './output.ts';

/** How each status is drawn; the words stand beside it, so that nothing hangs on colour. */
const marks: Readonly<Record<string, string>> = { pass: 'ok', warn: 'warn', fail: 'FAIL', skipped: '-' };

export function addDoctorCommand(registration: Command, context: CliContext): void {
  calls<InTenant>(
    tenantOption(
      registration
        .command('doctor')
        .description('examine a registration: credentials, token, scopes, addresses, a recent reply')
        .argument('<registration-id>', 'its id'),
    ),
    context,
    async (api, { tenant }, [id = '']) => {
      const json = await api.object('GET', tenantPath(tenant, 'registrations', id, 'doctor'));
      const checks = (Array.isArray(json.checks) ? json.checks : []) as JsonObject[];
      return {
        json,
        text: checks.map(checkText).join('\n'),
        exitCode: json.status === 'fail' ? 1 : 0,
      };
    },
  );
}

function checkText(check: JsonObject): string {
  const mark = (marks[String(check.status)] ?? String(check.status)).padEnd(5);
  const line = `${mark} ${show(check.step).padEnd(16)} ${cleanLine(String(check.detail))}`;
  return typeof check.remedy === 'string' ? `${line}\n${' '.repeat(23)}→ ${cleanLine(check.remedy)}` : line;
}
