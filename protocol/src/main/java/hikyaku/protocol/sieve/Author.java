package hikyaku.protocol.sieve;

import hikyaku.protocol.address.MailAddress;

/**
 * Who writes a mail that a script sends.
 *
 * @param name for people, if the script says it; else empty (RFC 3834 §3.1.1)
 */
public record Author(MailAddress address, String name) {
  @Override
  public String toString() {
    return name.isEmpty() ? address.toString() : name + " <" + address + ">";
  }
}
