package hikyaku.mailbox.account;

import java.util.Arrays;
import java.util.Optional;

/** What a folder is for (RFC 6154 §2). */
public enum SpecialUse {
  ALL("\\All"),
  ARCHIVE("\\Archive"),
  DRAFTS("\\Drafts"),
  FLAGGED("\\Flagged"),
  JUNK("\\Junk"),
  SENT("\\Sent"),
  TRASH("\\Trash");

  /** The annotation that tells it (RFC 6154 §4). */
  public static final String ENTRY = "/private/specialuse";

  private final String attribute;

  SpecialUse(String attribute) {
    this.attribute = attribute;
  }

  /** The attribute as clients spell it, backslash included. */
  public String attribute() {
    return attribute;
  }

  /** By attribute, without regard to ASCII case. */
  public static Optional<SpecialUse> of(String attribute) {
    return Arrays.stream(values())
        .filter(use -> use.attribute.equalsIgnoreCase(attribute))
        .findFirst();
  }
}
