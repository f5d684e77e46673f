/** Which addresses are this machine's own: what the demo may call, and whom its open door lets in. */

/** Whether a host name of a URL (as `URL.hostname` gives it) always means this machine. */
export function isLoopbackHost(hostname: string): boolean {
  return (
    hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
  );
}

/** Whether a TCP peer address is this machine's own, in IPv4, IPv6 or mapped form. */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || isLoopbackHost(address.replace(/^::ffff:/, ''));
}
