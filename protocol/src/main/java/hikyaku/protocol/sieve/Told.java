package hikyaku.protocol.sieve;

import static java.util.stream.Collectors.joining;

import hikyaku.protocol.address.MailAddress;
import java.util.List;
import java.util.Optional;

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
              + into.mailboxId().map(id -> "the mailbox " + id + ", or else ").orElse("")
              + into.specialUse().map(use -> "the mailbox for " + use + ", or else ").orElse("")
              + into.mailbox()
              + (into.create() ? ", made if it is not there" : "")
              + with(into.flags());
      case Action.Redirect(String address, DeliveryTerms terms) ->
          "redirect to " + address + (terms.equals(DeliveryTerms.NONE) ? "" : ", with" + terms);
      case Action.Vacation vacation ->
          "answer the sender as "
              + vacation.from()
              + " with \""
              + vacation.subject()
              + "\", unless that was done "
              + (vacation.seconds().isPresent()
                  ? "in the last " + vacation.seconds().getAsLong() + " seconds"
                  : "lately")
              + kept(vacation.copy());
      case Action.Reject reject -> "refuse the message: " + line(reject.reason());
      case Action.Notify notify ->
          "notify "
              + notify.recipients().stream().map(MailAddress::toString).collect(joining(", "))
              + ": "
              + line(notify.subject())
              + kept(notify.copy());
    };
  }

  private static String kept(Optional<Action.FileInto> copy) {
    return copy.map(into -> "; " + of(into)).orElse("");
  }

  private static String line(String text) {
    return text.replaceAll("\\p{Cntrl}+", " ").strip();
  }

  private static String with(List<String> flags) {
    return flags.isEmpty() ? "" : ", with " + String.join(" ", flags);
  }
}
