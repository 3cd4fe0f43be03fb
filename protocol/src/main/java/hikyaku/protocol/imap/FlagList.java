package hikyaku.protocol.imap;

import java.util.List;

/** Flags as a response tells them: made once for many messages that have the same. */
public final class FlagList {
  private final String wire;

  /**
   * @param flags as {@code \\Seen} or keyword
   */
  public FlagList(List<String> flags) {
    wire = "(" + String.join(" ", flags) + ")";
  }

  String wire() {
    return wire;
  }
}
