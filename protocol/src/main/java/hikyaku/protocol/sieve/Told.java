package hikyaku.protocol.sieve;

import java.util.List;

/** Actions in words. */
public final class Told {
  private Told() {}

  /** What an action does, in half a sentence. */
  public static String of(Action action) {
    return switch (action) {
      case Action.Keep(List<String> flags, boolean implicit) ->
          (implicit ? "keep in INBOX, as nothing else was said" : "keep in INBOX") + with(flags);
      case Action.FileInto into ->
          "put into "
              + into.specialUse().map(use -> "the mailbox for " + use + ", or else ").orElse("")
              + into.mailbox()
              + (into.create() ? ", made if it is not there" : "")
              + with(into.flags());
      case Action.Redirect(String address) -> "redirect to " + address;
    };
  }

  private static String with(List<String> flags) {
    return flags.isEmpty() ? "" : ", with " + String.join(" ", flags);
  }
}
