/** The one URL of a ticket: its own where it is mirrored from another desk, else our page of it. */

/** `{publicUrl}/t/{slug}/tickets/{number}`, or the ticket's own `url`. */
export function ticketUrl(
  publicUrl: string,
  slug: string,
  ticket: { number: number; url: string | null },
): string {
  return ticket.url ?? `${publicUrl}/t/${slug}/tickets/${ticket.number}`;
}
