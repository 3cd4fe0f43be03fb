package hikyaku.server.directory;

import java.util.Optional;

/** What an address of a mailing list is for: its local part is the list's and what follows it. */
public enum ListRole {
  /** Messages for the members. */
  POST(""),
  /** Where mail to members comes back (RFC 5321 §3.9.2). */
  BOUNCES("-bounces"),
  OWNER("-owner"),
  SUBSCRIBE("-subscribe"),
  /** Where whoever subscribes answers to. */
  CONFIRM("-confirm"),
  UNSUBSCRIBE("-unsubscribe"),
  /** Lets a message that waits through. */
  ACCEPT("-accept"),
  /** Throws a message that waits away. */
  REJECT("-reject");

  private final String suffix;

  ListRole(String suffix) {
    this.suffix = suffix;
  }

  /** The address of a list for this. */
  public Address of(Address list) {
    return new Address(list.localPart() + suffix, list.domain());
  }

  /** The address of a list for this, with a token behind it. */
  public Address of(Address list, String token) {
    return new Address(list.localPart() + suffix + "+" + token, list.domain());
  }

  /** What an address is for, if what is before it is a list's. */
  public static Optional<Resolution.Listed> parse(Address address) {
    String local = address.localPart();
    int plus = local.indexOf('+');
    String name = plus < 0 ? local : local.substring(0, plus);
    String token = plus < 0 ? "" : local.substring(plus + 1);
    for (ListRole role : values()) {
      if (role != POST && name.endsWith(role.suffix) && name.length() > role.suffix.length()) {
        String list = name.substring(0, name.length() - role.suffix.length());
        return Optional.of(new Resolution.Listed(new Address(list, address.domain()), role, token));
      }
    }
    return Optional.empty();
  }
}
