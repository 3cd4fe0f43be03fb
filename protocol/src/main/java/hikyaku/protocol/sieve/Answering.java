package hikyaku.protocol.sieve;

import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.mime.ContentField;
import hikyaku.protocol.mime.HeaderField;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Whether a program may answer a message (RFC 3834 §2, RFC 5230 §4.5 and §4.6). */
final class Answering {
  /** Where the user must be named. */
  private static final List<String> RECIPIENTS =
      List.of("to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc");

  /** Fields that mail of lists has (RFC 2369, RFC 2919). */
  private static final List<String> OF_LISTS =
      List.of(
          "list-id",
          "list-help",
          "list-subscribe",
          "list-unsubscribe",
          "list-post",
          "list-owner",
          "list-archive");

  private static final Set<String> BULK = Set.of("bulk", "list", "junk");

  /** Addresses of a message that the directory is asked of. */
  private static final int ASKED = 50;

  private final SieveMessage message;
  private final Surroundings surroundings;

  Answering(SieveMessage message, Surroundings surroundings) {
    this.message = message;
    this.surroundings = surroundings;
  }

  /** What keeps a message from being answered; nothing if nothing does. */
  Optional<String> obstacle() {
    if (message.from().isEmpty()) {
      return Optional.of("it has no sender");
    }
    if (isAutomatic(message)) {
      return Optional.of("a program sent it");
    }
    Optional<MailAddress> sender = Addresses.parse(message.from());
    if (sender.isEmpty() || isNobody(Collation.asciiLower(sender.get().localPart()))) {
      return Optional.of("nobody reads what is sent to its sender");
    }
    if (surroundings.isOwn(sender.get())) {
      return Optional.of("the user sent it");
    }
    boolean list =
        OF_LISTS.stream().anyMatch(name -> !message.fieldsSent(name).isEmpty())
            || BULK.contains(Collation.asciiLower(message.textSent("precedence")));
    return list ? Optional.of("it comes from a list") : Optional.empty();
  }

  /** RFC 3834 §5. */
  static boolean isAutoSubmitted(SieveMessage message) {
    return message.fieldsSent("auto-submitted").stream().anyMatch(each -> !isByHand(each));
  }

  /** The same; or a field of like meaning that is in wide use, and speaks of answers alone. */
  private static boolean isAutomatic(SieveMessage message) {
    if (isAutoSubmitted(message)) {
      return true;
    }
    String suppress = Collation.asciiLower(message.textSent("x-auto-response-suppress"));
    return List.of(suppress.split("[ ,]+")).stream()
        .anyMatch(each -> each.equals("all") || each.equals("oof") || each.equals("autoreply"));
  }

  /** Comments may stand before the keyword, and parameters behind it (RFC 3834 §5.1). */
  private static boolean isByHand(HeaderField submitted) {
    String keyword = ContentField.of(submitted.value()).value();
    return Collation.asciiLower(keyword).equals("no");
  }

  /** RFC 3834 §2, RFC 5230 §4.6. */
  private static boolean isNobody(String local) {
    return local.equals("mailer-daemon")
        || local.equals("listserv")
        || local.equals("majordomo")
        || local.equals("noreply")
        || local.equals("no-reply")
        || local.startsWith("owner-")
        || local.endsWith("-request")
        || local.endsWith("-owner")
        || local.endsWith("-bounces");
  }

  /**
   * By which of the user's addresses the message names the user (RFC 5230 §4.5).
   *
   * @param more addresses that the script calls the user's
   */
  Optional<MailAddress> named(List<MailAddress> more) {
    // A script may have very many of them, and a message too.
    Set<String> known = new HashSet<>();
    known.add(folded(surroundings.own()));
    more.forEach(each -> known.add(folded(each)));
    int asked = 0;
    for (String name : RECIPIENTS) {
      for (HeaderField field : message.fieldsSent(name)) {
        for (MailAddress address : Addresses.of(field.value())) {
          if (known.contains(folded(address)) || asked++ < ASKED && surroundings.isOwn(address)) {
            return Optional.of(address);
          }
        }
      }
    }
    return Optional.empty();
  }

  private static String folded(MailAddress address) {
    return Collation.asciiLower(address.toString());
  }
}
