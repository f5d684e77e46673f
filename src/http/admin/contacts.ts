/** The desk's contacts: people of its clients. */
import { z } from 'zod';
import { requiredLine } from '../../actions/input-fields.ts';
import { findContact, listContacts } from '../../desk/contact-queries.ts';
import { contactItem } from '../../desk/record-items.ts';
import { createContact, upsertContact } from '../../desk/upsert-contact.ts';
import {
  found,
  id,
  idIn,
  instant,
  listOf,
  mutationRoute,
  pageQuery,
  type Route,
  readRoute,
  recordId,
  toDeskPage,
} from '../route.ts';
import { created, upserted } from './desk-answers.ts';
import { externalId, externalIdIn, given } from './fields.ts';

const contact = z.object({
  contact_id: id,
  name: z.string(),
  email: z.string().nullable(),
  client_id: id.nullable(),
  client: z.string().nullable(),
  external_id: z.string().nullable(),
  created_at: instant,
  updated_at: instant,
});

const fields = z.strictObject({
  name: requiredLine(200),
  email: z.string().trim().toLowerCase().pipe(z.email().max(254)).nullish(),
  client_id: recordId.nullish(),
});

function toInput(body: z.output<typeof fields>) {
  return { name: body.name, ...given({ email: body.email, clientId: body.client_id }) };
}

const path = '/v1/tenants/{tenant}/contacts';
const tag = 'Desk';

export const contactRoutes: Route[] = [
  mutationRoute({
    method: 'post',
    path,
    tag,
    summary: 'Add a contact',
    capability: 'desk:manage',
    action: 'contact.create',
    body: fields.extend({ external_id: externalId.optional() }),
    response: contact,
    status: 201,
    handle: async (tx, { body, now }) => {
      const input = { ...toInput(body), ...given({ externalId: body.external_id }) };
      const record = await createContact(tx, input, now);
      return created('contact', record.contactId, contactItem(record));
    },
  }),
  readRoute({
    method: 'get',
    path,
    tag,
    summary: 'List contacts, newest first',
    capability: 'contact:read',
    query: pageQuery.extend({
      client_id: recordId.optional(),
      text: z.string().max(200).optional().describe('Words of the name, e-mail or client'),
    }),
    response: listOf(contact),
    handle: async (tx, { query }) => {
      const filter = given({ clientId: query.client_id, text: query.text });
      const page = await listContacts(tx, filter, toDeskPage(query));
      return { items: page.items.map(contactItem), next_cursor: page.nextCursor };
    },
  }),
  readRoute({
    method: 'get',
    path: `${path}/{contact_id}`,
    tag,
    summary: 'Read a contact',
    capability: 'contact:read',
    response: contact,
    handle: async (tx, { params }) => contactItem(found(await findContact(tx, idIn(params, 'contact_id')))),
  }),
  mutationRoute({
    method: 'put',
    path: `${path}/by-external-id/{external_id}`,
    tag,
    summary: 'Mirror a contact of another desk; fields that are left out stay; 201 when it is new',
    capability: 'desk:manage',
    action: 'contact.upsert',
    body: fields,
    response: contact,
    handle: async (tx, { params, body, now }) => {
      const { record, outcome } = await upsertContact(tx, externalIdIn(params), toInput(body), now);
      return upserted('contact', record.contactId, contactItem(record), outcome);
    },
  }),
];
